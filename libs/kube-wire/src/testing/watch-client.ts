/** Reads a watch frame by frame. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Fields } from '../protocol/kube-object.ts';

export interface Frame {
  type: string;
  object: Fields & { metadata: Fields };
}

export class WatchClient {
  readonly status: number;
  readonly contentType: string;
  readonly #request: ClientRequest;
  readonly #frames: Frame[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  private constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request;
    this.status = response.statusCode ?? 0;
    this.contentType = response.headers['content-type'] ?? '';
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#frames.push(JSON.parse(line) as Frame);
      this.#wake?.();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    response.on('close', end);
    response.on('error', end);
  }

  /** Opens a watch and resolves when its headers are there. */
  static open(url: string, accept = 'application/json'): Promise<WatchClient> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(url, { headers: { accept }, agent: false }, (response) =>
        resolve(new WatchClient(request, response)),
      );
      request.on('error', reject);
      request.end();
    });
  }

  /** The next frame, or undefined when the watch has ended. */
  async next(): Promise<Frame | undefined> {
    while (this.#frames.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#frames.shift();
  }

  /** The next frames as `TYPE name`. */
  async titles(count: number): Promise<string[]> {
    const titles: string[] = [];
    while (titles.length < count) {
      const frame = await this.next();
      titles.push(frame === undefined ? 'END' : `${frame.type} ${String(frame.object.metadata?.name ?? '')}`.trim());
    }
    return titles;
  }

  close(): void {
    this.#request.destroy();
  }
}
