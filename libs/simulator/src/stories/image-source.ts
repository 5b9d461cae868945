// For tests: a web server that serves images as slowly, and fails as badly, as a story needs.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Serve = (request: IncomingMessage, response: ServerResponse) => void;

export class ImageSource {
  readonly #server: Server;
  readonly requests: string[] = [];
  #serve: Serve;

  private constructor(serve: Serve) {
    this.#serve = serve;
    this.#server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      this.#serve(request, response);
    });
  }

  static async open(serve: Serve): Promise<ImageSource> {
    const source = new ImageSource(serve);
    await new Promise<void>((resolve) => source.#server.listen(0, '127.0.0.1', resolve));
    return source;
  }

  url(path = '/disk.img'): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  serveWith(serve: Serve): void {
    this.#serve = serve;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const headers = (length: number): Record<string, string> => ({
  'content-length': String(length),
  'accept-ranges': 'bytes',
});

/** Serves these bytes at once. */
export function whole(body: Buffer): Serve {
  return (request, response) => {
    response.writeHead(200, headers(body.length));
    response.end(request.method === 'HEAD' ? undefined : body);
  };
}

/** Answers every request with this status. */
export function refused(status: number): Serve {
  return (_request, response) => response.writeHead(status).end('no');
}

/** Serves a file of zeros of which the test lets go part after part. */
export class Valve {
  readonly #totalBytes: number;
  #sentBytes = 0;
  #response: ServerResponse | undefined;
  readonly #opened = Promise.withResolvers<void>();

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  readonly serve: Serve = (request, response) => {
    response.writeHead(200, headers(this.#totalBytes));
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.flushHeaders();
    this.#response = response;
    this.#sentBytes = 0;
    this.#opened.resolve();
  };

  /** Resolves when somebody began to read. */
  opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Lets so much of the file go that this percentage has gone. */
  sendUpTo(percent: number): void {
    const until = Math.round((this.#totalBytes * percent) / 100);
    const chunk = Buffer.alloc(until - this.#sentBytes);
    this.#sentBytes = until;
    if (percent >= 100) this.#response?.end(chunk);
    else this.#response?.write(chunk);
  }
}

/** The header of a qcow2 image of this virtual size, and nothing behind it. */
export function qcow2Header(virtualBytes: number, totalBytes = 65_536): Buffer {
  const image = Buffer.alloc(totalBytes);
  image.write('QFI\xfb', 0, 'latin1');
  image.writeUInt32BE(3, 4);
  image.writeUInt32BE(16, 20);
  image.writeBigUInt64BE(BigInt(virtualBytes), 24);
  return image;
}
