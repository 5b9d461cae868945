import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ImageServer } from './image-server.ts';
import { startImageServer } from './image-server.ts';

let server: ImageServer;
beforeAll(async () => {
  server = await startImageServer({ dataBytes: 2 * 2 ** 20 });
});
afterAll(() => server.close());

const at = (path: string): string => new URL(path, server.url).href;

test('the image has the published checksum, and HEAD tells its length', async () => {
  const body = Buffer.from(await (await fetch(at('/ubuntu.qcow2'))).arrayBuffer());
  const head = await fetch(at('/ubuntu.qcow2'), { method: 'HEAD' });
  expect(Number(head.headers.get('content-length'))).toBe(body.length);
  expect(head.headers.get('accept-ranges')).toBe('bytes');
  const sums = await (await fetch(at('/SHA256SUMS'))).text();
  expect(sums).toContain(`${createHash('sha256').update(body).digest('hex')}  ubuntu.qcow2\n`);
});

test('a range is answered with 206, one outside with 416', async () => {
  const part = await fetch(at('/ubuntu.qcow2'), { headers: { range: 'bytes=0-3' } });
  expect(part.status).toBe(206);
  expect(await part.text()).toContain('QFI');
  const outside = await fetch(at('/ubuntu.qcow2'), { headers: { range: 'bytes=99999999999-' } });
  expect(outside.status).toBe(416);
});

test.each([
  ['/404', 404],
  ['/403', 403],
  ['/410', 410],
  ['/nothing', 404],
])('%s answers %i', async (path, status) => {
  expect((await fetch(at(path))).status).toBe(status);
});

test('a failing path heals after the number of requests that was asked for', async () => {
  expect((await fetch(at('/503?times=1'))).status).toBe(503);
  expect((await fetch(at('/503?times=1'))).status).toBe(200);
});

test('a redirect leads to the image', async () => {
  const response = await fetch(at('/redirect'));
  expect(response.redirected).toBe(true);
  expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(2 ** 20);
});

test('/html is a page and no image', async () => {
  const response = await fetch(at('/html'));
  expect(response.headers.get('content-type')).toBe('text/html');
});

test('/cut breaks the connection before the promised length', async () => {
  const response = await fetch(at('/cut'));
  await expect(response.arrayBuffer()).rejects.toThrow();
});

test('/stall-at-60 sends six tenths and then nothing more', async () => {
  const stop = new AbortController();
  const response = await fetch(at('/stall-at-60'), { signal: stop.signal });
  const total = Number(response.headers.get('content-length'));
  const reader = response.body?.getReader();
  let received = 0;
  while (received < Math.floor(total * 0.6)) received += (await reader?.read())?.value?.length ?? 0;
  expect(received).toBe(Math.floor(total * 0.6));
  const next = reader?.read().catch(() => 'ended');
  stop.abort();
  expect(await next).toBe('ended');
});

test('/no-range knows neither HEAD nor ranges', async () => {
  expect((await fetch(at('/no-range'), { method: 'HEAD' })).status).toBe(405);
  const response = await fetch(at('/no-range'), { headers: { range: 'bytes=0-3' } });
  expect(response.status).toBe(200);
  await response.body?.cancel();
});

test('a rate limit holds the sender back', async () => {
  const startedAt = performance.now();
  await (await fetch(at('/small.qcow2?bytesPerSecond=4000000'))).arrayBuffer();
  expect(performance.now() - startedAt).toBeGreaterThan(250);
});
