/**
 * One kept-alive HTTP/1.1 connection, one request at a time, read no further than needed: Node's own client costs as much
 * CPU as the server that is to be measured. Understands answers with a Content-Length only.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HttpQuestion {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly apiKey: string;
  readonly body?: string;
}

const END_OF_HEADER = '\r\n\r\n';

export class HttpConnection {
  readonly #socket: Socket;
  readonly #host: string;
  #received = '';
  #waiting: PromiseWithResolvers<HttpAnswer> | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    // Latin-1: one character for each byte, as Content-Length counts.
    socket
      .setNoDelay(true)
      .setEncoding('latin1')
      .on('data', (part: string) => this.#take(part));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('The server closed the connection.')));
  }

  /** `url`: only its host and port count. */
  static async open(url: string): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new HttpConnection(socket, host);
  }

  /** Resolves with the whole answer. Rejects when the connection breaks. */
  ask({ method, path, apiKey, body = '' }: HttpQuestion): Promise<HttpAnswer> {
    const waiting = Promise.withResolvers<HttpAnswer>();
    this.#waiting = waiting;
    const head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\nauthorization: Bearer ${apiKey}\r\n`;
    const type = body === '' ? '' : 'content-type: application/json\r\n';
    this.#socket.write(`${head}${type}content-length: ${Buffer.byteLength(body)}${END_OF_HEADER}${body}`);
    return waiting.promise;
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(part: string): void {
    this.#received += part;
    const headerEnd = this.#received.indexOf(END_OF_HEADER);
    if (headerEnd < 0) return;
    const header = this.#received.slice(0, headerEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(header)?.[1]);
    const bodyStart = headerEnd + END_OF_HEADER.length;
    if (this.#received.length < bodyStart + length) return;
    const body = this.#received.slice(bodyStart, bodyStart + length);
    this.#received = this.#received.slice(bodyStart + length);
    this.#waiting?.resolve({ status: Number(header.slice(9, 12)), body });
  }
}
