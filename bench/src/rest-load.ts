/** Sends the same kind of request over kept-alive connections, a fixed number of them at a time. */
import { Agent, request } from 'node:http';

export interface RestTarget {
  readonly url: string;
  readonly apiKey: string;
}

export class RestLoad {
  readonly #agent: Agent;
  readonly #inFlight: number;

  constructor(inFlight: number) {
    this.#inFlight = inFlight;
    this.#agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  }

  /** Sends for the time and resolves, when the last is answered, with how many were answered. Throws at a refusal. */
  async run(windowMs: number, next: () => RestTarget & { readonly body: string }): Promise<number> {
    const until = performance.now() + windowMs;
    let answered = 0;
    const client = async () => {
      for (; performance.now() < until; answered += 1) {
        const { body, ...target } = next();
        await this.post(target, body);
      }
    };
    await Promise.all(Array.from({ length: this.#inFlight }, client));
    return answered;
  }

  /** The answer's body. */
  post({ url, apiKey }: RestTarget, body: string): Promise<string> {
    const headers = {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          if (status < 300) resolve(text);
          else reject(new Error(`${url} answered ${status}: ${text.slice(0, 400)}`));
        });
      });
      outgoing.on('error', reject).end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
