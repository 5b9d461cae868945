/** A web server with one image, which is not found until it is put there. Test code only. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const IMAGE = Buffer.alloc(1 << 20);

export class FlakyImage {
  readonly #server: Server;
  #isThere = false;

  private constructor() {
    this.#server = createServer((request, response) => {
      if (!this.#isThere) response.writeHead(404).end();
      else {
        response.writeHead(200, { 'content-length': IMAGE.length, 'content-type': 'application/octet-stream' });
        response.end(request.method === 'HEAD' ? undefined : IMAGE);
      }
    });
  }

  static async start(): Promise<FlakyImage> {
    const image = new FlakyImage();
    image.#server.listen(0, '127.0.0.1');
    await once(image.#server, 'listening');
    return image;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/disk.img`;
  }

  appear(): void {
    this.#isThere = true;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
