import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { CONTENT_HEAD_BYTES } from '@compute/domain';
import { afterEach, describe, expect, test } from 'vitest';
import { findingOfError } from './probe-error.ts';
import { probeSource } from './probe-source.ts';

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.img`;
}

const ask = (url: string, patienceMs = 5_000) =>
  probeSource(url, { allowPrivate: true, signal: new AbortController().signal, patienceMs });
const image = Buffer.alloc(100_000, 1);

describe('a question to a source', () => {
  test('reads no more than the beginning, and takes the length of the whole', async () => {
    const ranges: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      ranges.push(request.headers.range);
      response.writeHead(206, { 'content-range': `bytes 0-${CONTENT_HEAD_BYTES - 1}/${image.length}` });
      response.end(image.subarray(0, CONTENT_HEAD_BYTES));
    });
    expect(await ask(url)).toEqual({
      state: 'found',
      totalBytes: image.length,
      content: { kind: 'image', format: 'raw' },
    });
    expect(ranges).toEqual([`bytes=0-${CONTENT_HEAD_BYTES - 1}`]);
  });

  test('stops a server that knows no ranges and sends all of it', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 10 ** 12 });
      const pour = () => {
        while (!response.destroyed && response.write(image));
      };
      response.on('drain', pour);
      pour();
    });
    expect(await ask(url)).toMatchObject({ state: 'found', totalBytes: 10 ** 12 });
  });

  test('looks into a gzip file', async () => {
    const inside = Buffer.alloc(200_000);
    inside.write('QFI\xfb', 0, 'latin1');
    inside.writeBigUInt64BE(2n ** 40n, 24);
    const file = gzipSync(inside);
    const url = await serve((_request, response) => response.end(file));
    expect(await ask(url)).toMatchObject({ content: { format: 'qcow2', virtualBytes: 2 ** 40, compression: 'gz' } });
  });

  test('ends after its patience with a server that is silent', async () => {
    const url = await serve(() => undefined);
    expect(await ask(url, 50)).toMatchObject({ state: 'unreachable', code: 'SourceTimeout' });
  });

  test('judges every hop of a redirect, and follows no more than ten', async () => {
    const url = await serve(({ url: path = '' }, response) =>
      response.writeHead(302, { location: path === '/loop' ? '/loop' : 'http://10.0.0.1/x' }).end(),
    );
    const options = { allowPrivate: false, signal: new AbortController().signal };
    const isForbidden = (address: string) => address.startsWith('10.');
    expect(await probeSource(url, { ...options, isForbidden })).toMatchObject({
      state: 'refused',
      code: 'SourceAddressForbidden',
    });
    expect(await ask(new URL('/loop', url).href)).toMatchObject({ state: 'refused', code: 'SourceRedirects' });
    expect(await probeSource(url, options)).toMatchObject({ code: 'SourceAddressForbidden' });
  });

  test('takes a failing server for one that may be well for the importer', async () => {
    const url = await serve((_request, response) => response.writeHead(503).end());
    expect(await ask(url)).toMatchObject({ state: 'unreachable', code: 'SourceServerError' });
  });
});

test.each([
  ['ENOTFOUND', 'SourceHostNotFound'],
  ['ECONNREFUSED', 'SourceUnreachable'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SourceCertificateUntrusted'],
  ['CERT_HAS_EXPIRED', 'SourceCertificateExpired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'SourceCertificateName'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'SourceTls'],
  ['ECONNRESET', 'SourceConnectionLost'],
  ['EWHATEVER', 'ImportFailed'],
])('%s means %s, and shows no secret of the URL', (code, expected) => {
  const error = Object.assign(new Error('connect https://u:p@h/a?sig=s failed'), { code });
  expect(findingOfError(error)).toEqual({
    state: 'unreachable',
    code: expected,
    detail: 'connect https://h/a?… failed',
  });
  expect(findingOfError(Object.assign(new Error('all'), { errors: [error] }))).toMatchObject({ code: expected });
});
