// The importer of an HTTP source: really reads the whole image, keeps nothing of it, and ends as CDI's importer would.
// Memory stays that of a few chunks whatever the size: bytes are counted, hashed, and looked at where the header is.
import { createHash, type Hash } from 'node:crypto';
import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Clock } from '../clock.ts';
import { type HttpSourceOptions, openHttpImage, SourceError } from './http-source.ts';
import { type Compression, compressionOf, headerBytes, type ImageHeader, readImageHeader } from './image-format.ts';
import { importComplete, importFailure, type WorkloadExit } from './workload.ts';

export interface ImportOrder {
  url: string;
  /** What fits on the volume, in bytes. */
  availableBytes: number;
  /** `algorithm:hex` of the file as it is served. */
  checksum?: string;
  /** There is a second volume for intermediate files. */
  hasScratch: boolean;
  source: Omit<HttpSourceOptions, 'signal'>;
  /** Bytes per second of cluster time; asked before each chunk, undefined is no limit. */
  bytesPerSecond: () => number | undefined;
  convertMs: number;
  clock: Clock;
  signal: AbortSignal;
  progress: (percent: number) => void;
}

/** Ends the reading early with an exit of its own. */
class EarlyExit extends Error {
  readonly exit: WorkloadExit;

  constructor(exit: WorkloadExit) {
    super('early exit');
    this.exit = exit;
  }
}

/** Runs the import. Rejects only when the signal aborts. */
export async function importImage(order: ImportOrder): Promise<WorkloadExit> {
  try {
    return await readImage(order);
  } catch (error) {
    order.signal.throwIfAborted();
    if (error instanceof EarlyExit) return error.exit;
    if (error instanceof SourceError) return importFailure(`Unable to connect to http data source: ${error.message}`);
    return importFailure(transferMessage(error));
  }
}

async function readImage(order: ImportOrder): Promise<WorkloadExit> {
  const { clock, signal } = order;
  const image = await openHttpImage(order.url, { ...order.source, signal });
  try {
    const hash = hashFor(order.checksum);
    const bytes = received(image.body, image.totalBytes, hash, order);
    const { head, rest } = await beginningOf(bytes, 6);
    const compression = compressionOf(head);
    await inspect(decompressed(rest, compression), { order, compression, hasRanges: image.hasRanges });
    for await (const _left of rest) signal.throwIfAborted();
    checkSum(order.checksum, hash);
  } finally {
    image.body.destroy();
  }
  await clock.after(order.convertMs, signal);
  return importComplete;
}

/** The chunks of the body, counted, hashed and slowed down. */
async function* received(
  body: Readable,
  totalBytes: number | undefined,
  hash: Hash | undefined,
  order: ImportOrder,
): AsyncGenerator<Buffer> {
  let count = 0;
  if (totalBytes !== undefined) order.progress(0);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    order.signal.throwIfAborted();
    count += chunk.length;
    hash?.update(chunk);
    if (totalBytes !== undefined && totalBytes > 0) order.progress((count / totalBytes) * 100);
    yield chunk;
    const limit = order.bytesPerSecond();
    if (limit !== undefined) await order.clock.after((chunk.length / limit) * 1000, order.signal);
  }
}

/** The first bytes, and all bytes (those included) as a stream that can be read once. */
async function beginningOf(
  chunks: AsyncGenerator<Buffer>,
  wanted: number,
): Promise<{ head: Buffer; rest: AsyncGenerator<Buffer> }> {
  let head = Buffer.alloc(0);
  while (head.length < wanted) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return { head, rest: joined(head, chunks) };
}

async function* joined(head: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* chunks;
}

// Node has no reader for xz, so such an image is only counted as it is.
function decompressed(chunks: AsyncGenerator<Buffer>, compression: Compression | undefined): AsyncIterable<Buffer> {
  if (compression === 'gz') return through(chunks, createGunzip());
  if (compression === 'zst') return through(chunks, createZstdDecompress());
  return chunks;
}

// pipeline, because pipe would leave an error of the source without anybody to hear it.
function through(chunks: AsyncGenerator<Buffer>, transform: Transform): AsyncIterable<Buffer> {
  return pipeline(Readable.from(chunks, { objectMode: false }), transform, () => undefined);
}

interface Inspection {
  order: ImportOrder;
  compression: Compression | undefined;
  hasRanges: boolean;
}

async function inspect(chunks: AsyncIterable<Buffer>, inspection: Inspection): Promise<void> {
  const { order, compression } = inspection;
  let head = Buffer.alloc(0);
  let header: ImageHeader | undefined;
  let count = 0;
  for await (const chunk of chunks) {
    count += chunk.length;
    if (header === undefined) {
      head = Buffer.concat([head, chunk]).subarray(0, headerBytes);
      if (head.length === headerBytes) header = judged(head, inspection);
    }
    if (header?.format === 'raw' && compression !== 'xz' && count > order.availableBytes)
      throw new EarlyExit(noSpace());
  }
  header ??= judged(head, inspection);
  if (header.format === 'raw' && compression !== 'xz' && count > order.availableBytes) throw new EarlyExit(noSpace());
}

function judged(head: Buffer, { order, compression, hasRanges }: Inspection): ImageHeader {
  const header: ImageHeader = compression === 'xz' ? { format: 'raw' } : readImageHeader(head);
  if (header.format === 'raw') return header;
  if (header.hasBackingFile === true) {
    throw new EarlyExit(importFailure('Validation failed: Image is invalid because it has a backing file'));
  }
  const { virtualBytes = 0 } = header;
  if (virtualBytes > order.availableBytes) {
    const sizes = `Virtual image size ${virtualBytes} is larger than the reported available storage ${order.availableBytes}`;
    throw new EarlyExit(importFailure(`${sizes}. A larger PVC is required.`));
  }
  // Converting needs random access: to the server, or to a file on scratch space.
  if ((compression !== undefined || !hasRanges) && !order.hasScratch) throw new EarlyExit(scratchRequired);
  return header;
}

const scratchRequired: WorkloadExit = {
  exitCode: 0,
  message: JSON.stringify({
    scratchSpaceRequired: true,
    preallocationApplied: false,
    message: 'scratch space required and none found',
  }),
};

function noSpace(): WorkloadExit {
  return importFailure(
    'Unable to transfer source data to target file: unable to write to file: write /dev/cdi-block-volume: no space left on device',
  );
}

const algorithms: readonly string[] = ['md5', 'sha1', 'sha256', 'sha512'];

function hashFor(checksum: string | undefined): Hash | undefined {
  if (checksum === undefined) return undefined;
  const algorithm = checksum.split(':')[0] ?? '';
  if (algorithms.includes(algorithm)) return createHash(algorithm);
  throw new EarlyExit(importFailure(`unsupported checksum algorithm: ${algorithm}`));
}

// The importer ends in order with this message, which is how CDI knows that trying again is of no use.
function checkSum(checksum: string | undefined, hash: Hash | undefined): void {
  if (checksum === undefined || hash === undefined) return;
  const found = `${checksum.split(':')[0]}:${hash.digest('hex')}`;
  if (found === checksum.toLowerCase()) return;
  const message = `checksum mismatch: expected ${checksum}, got ${found}`;
  throw new EarlyExit({ exitCode: 0, message: JSON.stringify({ message }) });
}

function transferMessage(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  const cut = code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || message === 'aborted';
  const reason = cut ? 'unexpected EOF' : (message ?? String(error));
  return `Unable to transfer source data to target file: ${reason}`;
}
