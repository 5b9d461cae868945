/**
 * Sources that misbehave, against the simulated cluster whose CDI really downloads and never ends a failing import: each
 * must end in Failed by itself, in bounded time, told apart from the others. With our own question to the source and
 * without it, since an operator may switch it off.
 */
import { createServer } from 'node:net';
import type { DiskFailureCode, VmDisk } from '@compute/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MisbehavingServer } from './fixtures/misbehaving-server.ts';
import { SimulatedCluster } from './fixtures/simulated-cluster.ts';
import { WorkerStack } from './fixtures/worker-stack.ts';

const LIMIT_MS = 60_000;
const WRONG = `sha256:${'0'.repeat(64)}`;

let server: MisbehavingServer;
let deadPort: number;
beforeAll(async () => {
  server = await MisbehavingServer.start();
  deadPort = await closedPort();
});
afterAll(() => server.close());

async function closedPort(): Promise<number> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

type Source = () => { readonly url: string; readonly checksum?: string };
type Case = [story: string, source: Source, code: DiskFailureCode];

const at =
  (path: string): Source =>
  () => ({ url: server.url(path) });
const TOLD_APART: readonly Case[] = [
  ['there is no such file', at('/404'), 'SourceNotFound'],
  ['the file was withdrawn', at('/410'), 'SourceGone'],
  ['the server wants a login', at('/403'), 'SourceForbidden'],
  ['the server fails', at('/503'), 'SourceServerError'],
  ['redirects never end', at('/loop'), 'SourceRedirects'],
  ['the host does not exist', () => ({ url: 'http://images.invalid/a.qcow2' }), 'SourceHostNotFound'],
  ['nobody listens', () => ({ url: `http://127.0.0.1:${deadPort}/a.qcow2` }), 'SourceUnreachable'],
  ['the certificate is nobody’s', () => ({ url: server.url('/good.qcow2', 'https') }), 'SourceCertificateUntrusted'],
  ['the connection is cut again and again', at('/cut.qcow2'), 'SourceConnectionLost'],
  ['the download stalls at 60 %', at('/stall.qcow2'), 'ImportStalled'],
  ['the image is larger than the disk', at('/huge.qcow2'), 'ImageTooLarge'],
  ['the checksum is wrong', () => ({ url: server.url('/good.qcow2'), checksum: WRONG }), 'ChecksumMismatch'],
];

describe.each([
  ['that asks the source first', 'on'],
  ['that leaves it to the importer', 'off'],
])('a worker %s', (_which, probe) => {
  let stack: WorkerStack<SimulatedCluster>;
  beforeAll(async () => {
    stack = await WorkerStack.startOn(await SimulatedCluster.start({ timeScale: 50 }), undefined, {
      SOURCE_PROBE: probe,
      ALLOW_PRIVATE_SOURCES: 'true',
      IMPORT_DEADLINE_STALLED_SECONDS: '2',
      IMPORT_DEADLINE_UNSTARTED_SECONDS: '30',
    });
    await stack.startWorker({ pace: { retry: { firstMs: 100, ceilingMs: 500 }, sweepEveryMs: 100 } });
  }, LIMIT_MS);
  afterAll(() => stack.close());

  async function failed(source: Source): Promise<VmDisk> {
    const name = `d${crypto.randomUUID().slice(0, 8)}`;
    return stack.untilPhase(await stack.wantDisk(name, { source: { http: source() } }), 'Failed');
  }

  test.concurrent.each(TOLD_APART)(
    'fails a disk when %s',
    async (_story, source, code) => {
      const { status } = await failed(source);
      expect(status.failure).toMatchObject({
        code,
        message: expect.stringMatching(/\.$/),
        remedy: expect.stringMatching(/\.$/),
      });
      expect(status.import).toMatchObject({ phase: 'Failed' });
      expect(status.import).not.toHaveProperty('bytesPerSecond');
    },
    LIMIT_MS,
  );

  test(
    'takes the volume of a failed import away, and retries when the cause is gone',
    async () => {
      const disk = await failed(at('/418'));
      expect(disk.status.failure?.code).toBe('SourceRefused');
      await expect.poll(() => stack.cluster.objects(), { timeout: LIMIT_MS }).not.toContain(`vm-disk-${disk.name}`);
      server.healed.add('/418');
      await stack.retry(disk);
      const ready = await stack.untilPhase(disk, 'Ready');
      expect(ready.status).toMatchObject({ import: { phase: 'Done', percent: 100 } });
      expect(ready.status).not.toHaveProperty('failure');
      server.healed.delete('/418');
    },
    LIMIT_MS,
  );
});

describe('a worker that asks the source first', () => {
  let stack: WorkerStack<SimulatedCluster>;
  beforeAll(async () => {
    const settings = { SOURCE_PROBE: 'on', ALLOW_PRIVATE_SOURCES: 'true' };
    stack = await WorkerStack.startOn(await SimulatedCluster.start({ timeScale: 50 }), undefined, settings);
    await stack.startWorker();
  }, LIMIT_MS);
  afterAll(() => stack.close());

  const want = (path: string, storage = '10Gi') =>
    stack.wantDisk(`d${crypto.randomUUID().slice(0, 8)}`, { source: { http: { url: server.url(path) } }, storage });

  test.each([
    ['a login page', '/login.qcow2', 'it is a web page'],
    ['an error with status 200', '/denied.qcow2', 'it is an error message of an object store'],
  ])('does not take %s for an image', async (_story, path, words) => {
    const { status } = await stack.untilPhase(await want(path), 'Failed');
    expect(status.failure).toMatchObject({ code: 'NotAnImage', message: expect.stringContaining(words) });
  });

  test('refuses an image that does not fit with both sizes, before anything is made in the cluster', async () => {
    const disk = await stack.untilPhase(await want('/huge.qcow2', '20Gi'), 'Failed');
    expect(disk.status.failure?.message).toBe('The image needs 1 TiB, the disk has 20 GiB.');
    expect(await stack.cluster.objects()).not.toContain(`vm-disk-${disk.name}`);
  });

  test(
    'knows how many bytes are to come',
    async () => {
      const disk = await want('/good.qcow2');
      const ready = await stack.untilPhase(disk, 'Ready');
      expect(ready.status.import).toMatchObject({ totalBytes: 400_000, transferredBytes: 400_000, percent: 100 });
    },
    LIMIT_MS,
  );
});

test(
  'a worker that may not reach private addresses imports nothing from them, whatever was accepted',
  async () => {
    const stack = await WorkerStack.startOn(await SimulatedCluster.start(), undefined, { SOURCE_PROBE: 'on' });
    await stack.startWorker();
    try {
      for (const host of ['127.0.0.1', 'localhost']) {
        const url = server.url('/good.qcow2').replace('127.0.0.1', host);
        const asked = server.requests.length;
        const disk = await stack.untilPhase(
          await stack.wantDisk(`via-${host}`, { source: { http: { url } } }),
          'Failed',
        );
        expect(disk.status.failure?.code).toBe('SourceAddressForbidden');
        expect(server.requests).toHaveLength(asked);
      }
    } finally {
      await stack.close();
    }
  },
  LIMIT_MS,
);
