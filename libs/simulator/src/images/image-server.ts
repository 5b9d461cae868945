/**
 * Disk images over HTTP on loopback, with the ways in which real image servers fail.
 *
 * Well-behaved paths answer HEAD and Range and can be slowed down with `?bytesPerSecond=`; each other path misbehaves in one way,
 * always the same, so that a demonstration or a test names its failure in the URL. `?times=n` makes a misbehaviour heal after n
 * requests for data.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ByteRange } from './byte-range.ts';
import { parseRange } from './byte-range.ts';
import { isoImage } from './iso-image.ts';
import type { ByteSource } from './qcow2.ts';
import { qcow2Image } from './qcow2.ts';

export interface ImageServerOptions {
  host?: string;
  /** 0 takes a free port. */
  port?: number;
  /** Size of the data of `ubuntu.qcow2` in bytes, 48 MiB. */
  dataBytes?: number;
}

export interface ImageServer {
  /** With a slash at the end. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const TIB = 2 ** 40;
const CHUNK_BYTES = 256 * 1024;
const TICK_MS = 50;

type Misbehaviour = 'none' | 'stall' | 'cut' | 'no-range';

interface Served {
  image: ByteSource;
  misbehaviour: Misbehaviour;
}

/** Starts the server; it listens when the promise resolves. */
export async function startImageServer(options: ImageServerOptions = {}): Promise<ImageServer> {
  const { host = '127.0.0.1', port = 0, dataBytes = 48 * MIB } = options;
  const shelf = new ImageShelf(dataBytes);
  const server = createServer((request, response) => {
    shelf.answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${bound}/`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Which path serves what, and how. */
class ImageShelf {
  readonly #images: Record<string, ByteSource>;
  readonly #paths: Record<string, Served>;
  readonly #requests = new Map<string, number>();
  #sums: string | undefined;

  constructor(dataBytes: number) {
    const ubuntu = qcow2Image({ virtualSizeBytes: 2 * GIB, dataBytes, seed: 1 });
    const small = qcow2Image({ virtualSizeBytes: 64 * MIB, dataBytes: MIB, seed: 2 });
    const tooBig = qcow2Image({ virtualSizeBytes: 100 * TIB, dataBytes: MIB, seed: 3 });
    this.#images = {
      'ubuntu.qcow2': ubuntu,
      'small.qcow2': small,
      'installer.iso': isoImage(8 * MIB, 'INSTALLER'),
      'too-big.qcow2': tooBig,
    };
    const wellBehaved = Object.entries(this.#images).map(([name, image]) => [
      `/${name}`,
      { image, misbehaviour: 'none' as const },
    ]);
    this.#paths = {
      ...Object.fromEntries(wellBehaved),
      '/stall-at-60': { image: ubuntu, misbehaviour: 'stall' },
      '/cut': { image: ubuntu, misbehaviour: 'cut' },
      '/no-range': { image: ubuntu, misbehaviour: 'no-range' },
    };
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://images');
    const served = this.#paths[url.pathname];
    if (served !== undefined) return this.#serve(request, response, url, served);
    if (this.#fail(url, response)) return;
    if (url.pathname === '/SHA256SUMS') return sendText(response, 200, 'text/plain', await this.#checksums());
    if (url.pathname === '/') return sendText(response, 200, 'text/plain', INDEX);
    sendText(response, 404, 'text/plain', `there is no ${url.pathname} here; see /\n`);
  }

  /** Answers the paths that fail on purpose; false when the path is none of them. */
  #fail(url: URL, response: ServerResponse): boolean {
    const status = { '/404': 404, '/403': 403, '/410': 410, '/500': 500, '/503': 503 }[url.pathname];
    const heals = status !== undefined && this.#countRequest(url) === false;
    if (heals) {
      redirect(response, '/ubuntu.qcow2');
      return true;
    }
    if (status !== undefined) sendText(response, status, 'text/plain', `answering ${status} as asked\n`);
    else if (url.pathname === '/html') sendText(response, 200, 'text/html', HTML);
    else if (url.pathname === '/redirect') redirect(response, `/ubuntu.qcow2${url.search}`);
    else if (url.pathname === '/redirect-loop') redirect(response, '/redirect-loop');
    else return false;
    return true;
  }

  async #serve(request: IncomingMessage, response: ServerResponse, url: URL, served: Served): Promise<void> {
    const { image } = served;
    const ranged = served.misbehaviour !== 'no-range';
    if (request.method !== 'GET' && !(request.method === 'HEAD' && ranged)) {
      return sendText(response, 405, 'text/plain', 'only GET\n');
    }
    const range = ranged ? parseRange(request.headers.range, image.sizeBytes) : undefined;
    if (range === 'unsatisfiable') {
      response.writeHead(416, { 'content-range': `bytes */${image.sizeBytes}` }).end();
      return;
    }
    const whole = range ?? { start: 0, end: image.sizeBytes };
    response.writeHead(range === undefined ? 200 : 206, headersOf(image, whole, range !== undefined, ranged));
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const misbehaves = this.#countRequest(url);
    await sendBody(response, image, whole, {
      bytesPerSecond: Number(url.searchParams.get('bytesPerSecond') ?? 0),
      stopAt: misbehaves && stopsEarly(served.misbehaviour) ? Math.floor(image.sizeBytes * 0.6) : undefined,
      stall: served.misbehaviour === 'stall',
    });
  }

  /** Counts a request for data and says whether the path still misbehaves (`?times=n`: only for the first n). */
  #countRequest(url: URL): boolean {
    const times = url.searchParams.get('times');
    if (times === null) return true;
    const key = url.pathname + url.search;
    const seen = (this.#requests.get(key) ?? 0) + 1;
    this.#requests.set(key, seen);
    return seen <= Number(times);
  }

  async #checksums(): Promise<string> {
    if (this.#sums === undefined) {
      const lines: string[] = [];
      for (const [name, image] of Object.entries(this.#images)) lines.push(`${await sha256(image)}  ${name}\n`);
      this.#sums = lines.join('');
    }
    return this.#sums;
  }
}

interface SendOptions {
  /** 0: as fast as it goes. */
  bytesPerSecond: number;
  /** Offset in the image at which sending stops for good. */
  stopAt: number | undefined;
  /** At `stopAt`: keep the connection open and silent instead of cutting it. */
  stall: boolean;
}

async function sendBody(
  response: ServerResponse,
  image: ByteSource,
  range: ByteRange,
  options: SendOptions,
): Promise<void> {
  const { bytesPerSecond, stopAt } = options;
  const chunkBytes = bytesPerSecond > 0 ? Math.max(1, Math.ceil((bytesPerSecond * TICK_MS) / 1000)) : CHUNK_BYTES;
  const end = Math.min(range.end, stopAt ?? range.end);
  for (let at = range.start; at < end && !response.destroyed; at += chunkBytes) {
    const more = response.write(image.read(at, Math.min(end, at + chunkBytes)));
    if (bytesPerSecond > 0) await pause(TICK_MS);
    else if (!more) await drained(response);
  }
  if (end === range.end) response.end();
  else if (options.stall) await closed(response);
  else response.destroy();
}

function stopsEarly(misbehaviour: Misbehaviour): boolean {
  return misbehaviour === 'stall' || misbehaviour === 'cut';
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

function closed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.once('close', resolve));
}

function headersOf(image: ByteSource, range: ByteRange, partial: boolean, ranged: boolean): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'content-length': String(range.end - range.start),
    'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    ...(ranged ? { 'accept-ranges': 'bytes' } : {}),
    ...(partial ? { 'content-range': `bytes ${range.start}-${range.end - 1}/${image.sizeBytes}` } : {}),
  };
}

async function sha256(image: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < image.sizeBytes; at += CHUNK_BYTES) {
    hash.update(image.read(at, Math.min(image.sizeBytes, at + CHUNK_BYTES)));
    if (at % (64 * CHUNK_BYTES) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return hash.digest('hex');
}

function sendText(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }).end(text);
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, 'content-length': '0' }).end();
}

const HTML = '<!doctype html><title>Sign in</title><p>This is a login page, not a disk image.\n';

const INDEX = `Disk images for development

/ubuntu.qcow2     qcow2, virtual size 2 GiB, 48 MiB of data
/small.qcow2      qcow2, virtual size 64 MiB, 1 MiB of data
/installer.iso    ISO 9660, 8 MiB
/SHA256SUMS       checksums of the images

Any of them slowly: ?bytesPerSecond=1000000

/404 /403 /410 /500 /503   that status
/html             200, but a web page
/redirect         302 to /ubuntu.qcow2
/redirect-loop    302 to itself
/stall-at-60      stops sending at 60 % and keeps the connection open
/cut              closes the connection at 60 %
/no-range         neither HEAD nor Range
/too-big.qcow2    qcow2 with a virtual size of 100 TiB

Failing paths heal after n requests for data with ?times=n.
`;
