import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { selfSignedCertificate } from '@compute/kube-wire';
import { afterEach, describe, expect, it } from 'vitest';
import { Clock } from '../clock.ts';
import { ImageSource, qcow2Header, refused, type Serve, Valve, whole } from '../stories/image-source.ts';
import { type ImportOrder, importImage } from './import-image.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(answer: Serve): Promise<ImageSource> {
  const source = await ImageSource.open(answer);
  closing.push(() => source.close());
  return source;
}

function order(url: string, changes: Partial<ImportOrder> = {}): ImportOrder {
  return {
    url,
    availableBytes: 100_000,
    hasScratch: false,
    source: {},
    bytesPerSecond: () => undefined,
    convertMs: 0,
    clock: new Clock(1000),
    signal: new AbortController().signal,
    progress: () => undefined,
    ...changes,
  };
}

const complete = { exitCode: 0, message: expect.stringContaining('"message":"Import Complete"') };
const connectFailure = (reason: string) => ({
  exitCode: 1,
  reason: 'Error',
  message: `Unable to process data: Unable to connect to http data source: ${reason}`,
});

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('an import that succeeds', () => {
  it('takes a raw image and reports progress up to 100', async () => {
    const source = await serve(whole(Buffer.alloc(80_000)));
    const seen: number[] = [];
    const exit = await importImage(order(source.url(), { progress: (percent) => seen.push(percent) }));
    expect(exit).toEqual(complete);
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(100);
  });

  it('takes a page of HTML as a small raw disk, as qemu-img does', async () => {
    const source = await serve(whole(Buffer.from('<html>Not an image</html>')));
    expect(await importImage(order(source.url()))).toEqual(complete);
  });

  it('takes an empty file', async () => {
    const source = await serve(whole(Buffer.alloc(0)));
    expect(await importImage(order(source.url()))).toEqual(complete);
  });

  it('follows redirects', async () => {
    const source = await serve((request, response) => {
      if (request.url === '/disk.img') response.writeHead(302, { location: '/elsewhere.img' }).end();
      else whole(Buffer.alloc(10))(request, response);
    });
    expect(await importImage(order(source.url()))).toEqual(complete);
    expect(source.requests).toContain('GET /elsewhere.img');
  });

  it('unpacks gzip and zstd, and judges the size of what was packed', async () => {
    const packed = gzipSync(Buffer.alloc(99_000));
    const source = await serve(whole(packed));
    expect(await importImage(order(source.url()))).toEqual(complete);
    source.serveWith(whole(zstdCompressSync(Buffer.alloc(101_000))));
    const exit = await importImage(order(source.url()));
    expect(exit.message).toContain('no space left on device');
  });

  it('reads a server that answers no HEAD and says no length, without progress', async () => {
    const source = await serve((request, response) => {
      if (request.method === 'HEAD') response.writeHead(405).end();
      else response.writeHead(200).end('some bytes');
    });
    const seen: number[] = [];
    const exit = await importImage(order(source.url(), { progress: (percent) => seen.push(percent) }));
    expect(exit).toEqual(complete);
    expect(seen).toEqual([]);
  });

  it('sends the headers it is given', async () => {
    let authorization: string | undefined;
    const source = await serve((request, response) => {
      authorization = request.headers.authorization;
      whole(Buffer.alloc(10))(request, response);
    });
    await importImage(order(source.url(), { source: { headers: { authorization: 'Basic dTpw' } } }));
    expect(authorization).toBe('Basic dTpw');
  });

  it('keeps to the bandwidth it is allowed, in cluster time', async () => {
    const source = await serve(whole(Buffer.alloc(100_000)));
    const startedAt = performance.now();
    const clock = new Clock(10);
    await importImage(order(source.url(), { clock, bytesPerSecond: () => 50_000 }));
    expect(performance.now() - startedAt).toBeGreaterThan(190);
  });
});

describe('an import that fails', () => {
  it.each([
    [404, 'Not Found'],
    [403, 'Forbidden'],
    [500, 'Internal Server Error'],
    [503, 'Service Unavailable'],
  ])('says what the server answered: %i', async (status, text) => {
    const source = await serve(refused(status));
    const reason = `expected status code 200, got ${status}. Status: ${status} ${text}`;
    expect(await importImage(order(source.url()))).toEqual(connectFailure(reason));
  });

  it('says that nobody listens', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/x`;
    expect(await importImage(order(url))).toEqual(
      connectFailure(`HTTP request errored: Get "${url}": dial tcp 127.0.0.1:${port}: connect: connection refused`),
    );
  });

  it('says that nobody knows the host', async () => {
    const url = 'http://images.nowhere.invalid/disk.img';
    expect(await importImage(order(url))).toEqual(
      connectFailure(`HTTP request errored: Get "${url}": dial tcp: lookup images.nowhere.invalid: no such host`),
    );
  });

  it('says that a scheme is none it can speak', async () => {
    expect((await importImage(order('ftp://host/disk'))).message).toContain('unsupported protocol scheme "ftp"');
  });

  it('says that redirects lead nowhere', async () => {
    const source = await serve((_request, response) => response.writeHead(302, { location: '/again' }).end());
    expect((await importImage(order(source.url()))).message).toContain('stopped after 10 redirects');
  });

  it('gives up on a server that never answers', async () => {
    const source = await serve(() => undefined);
    const exit = await importImage(order(source.url(), { source: { connectTimeoutMs: 30 } }));
    expect(exit.message).toContain('context deadline exceeded');
  });

  it('gives up on a server that stops sending', async () => {
    const valve = new Valve(1000);
    const source = await serve(valve.serve);
    const importing = importImage(order(source.url(), { source: { idleTimeoutMs: 30 } }));
    await valve.opened();
    valve.sendUpTo(50);
    expect((await importing).message).toContain('context deadline exceeded');
  });

  it('says that the file broke off', async () => {
    const source = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      if (request.method === 'HEAD') response.end();
      else response.write('half', () => response.destroy());
    });
    expect(await importImage(order(source.url()))).toEqual({
      exitCode: 1,
      reason: 'Error',
      message: 'Unable to process data: Unable to transfer source data to target file: unexpected EOF',
    });
  });

  it('says that packed data is broken', async () => {
    const packed = gzipSync(Buffer.alloc(1000));
    packed.fill(1, 12, 20);
    const source = await serve(whole(packed));
    expect(await importImage(order(source.url()))).toMatchObject({ exitCode: 1 });
  });

  it('says that a raw image does not fit, when the volume is full', async () => {
    const source = await serve(whole(Buffer.alloc(100_001)));
    expect((await importImage(order(source.url()))).message).toContain('no space left on device');
  });

  it('says that an image is larger inside than the volume, before it is read', async () => {
    const head = qcow2Header(200_000, 1024);
    const source = await serve((request, response) => {
      response.writeHead(200, { 'content-length': String(2 ** 30), 'accept-ranges': 'bytes' });
      if (request.method === 'HEAD') response.end();
      else response.write(head);
    });
    expect((await importImage(order(source.url()))).message).toBe(
      'Unable to process data: Virtual image size 200000 is larger than the reported available storage 100000. A larger PVC is required.',
    );
  });

  it('asks for scratch space for a packed qcow2, and takes it when there is some', async () => {
    const source = await serve(whole(gzipSync(qcow2Header(50_000))));
    const exit = await importImage(order(source.url()));
    expect(exit).toEqual({ exitCode: 0, message: expect.stringContaining('"scratchSpaceRequired":true') });
    expect(await importImage(order(source.url(), { hasScratch: true }))).toEqual(complete);
  });

  it('stops reading when it is told to', async () => {
    const valve = new Valve(1000);
    const closed = Promise.withResolvers<void>();
    const source = await serve((request, response) => {
      if (request.method === 'GET') response.on('close', () => closed.resolve());
      valve.serve(request, response);
    });
    const abort = new AbortController();
    const importing = importImage(order(source.url(), { signal: abort.signal }));
    await valve.opened();
    abort.abort(new Error('enough'));
    await expect(importing).rejects.toThrow('enough');
    await closed.promise;
  });
});

describe('an import over TLS', () => {
  const certificate = selfSignedCertificate(['localhost']);

  async function secure(): Promise<number> {
    const server = createHttpsServer({ cert: certificate.cert, key: certificate.key }, whole(Buffer.alloc(10)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  }

  it('refuses a certificate that nobody it knows has signed', async () => {
    const url = `https://localhost:${await secure()}/disk`;
    expect(await importImage(order(url))).toEqual(
      connectFailure(
        `HTTP request errored: Get "${url}": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
      ),
    );
  });

  it('trusts the authority it is given, but not for another name', async () => {
    const port = await secure();
    const source = { authorities: [certificate.ca] };
    expect(await importImage(order(`https://localhost:${port}/disk`, { source }))).toEqual(complete);
    const exit = await importImage(order(`https://127.0.0.1:${port}/disk`, { source }));
    expect(exit.message).toContain('x509: certificate is valid for localhost, not 127.0.0.1');
  });

  it('notices a server that speaks no TLS', async () => {
    const plain = await serve(whole(Buffer.alloc(10)));
    const exit = await importImage(order(plain.url().replace('http:', 'https:')));
    expect(exit.message).toContain('server gave HTTP response to HTTPS client');
  });
});
