/** Sends the same kind of request over kept-alive connections, one at a time on each of them. */
import { HttpConnection, type HttpQuestion } from './http-connection.ts';

export class RestLoad {
  readonly #connections: readonly HttpConnection[];

  private constructor(connections: readonly HttpConnection[]) {
    this.#connections = connections;
  }

  /** `inFlight` connections to the server of the address. */
  static async open(url: string, inFlight: number): Promise<RestLoad> {
    return new RestLoad(await Promise.all(Array.from({ length: inFlight }, () => HttpConnection.open(url))));
  }

  /** Sends for the time and resolves, when the last is answered, with how many were answered. Throws at a refusal. */
  async run(windowMs: number, next: () => HttpQuestion): Promise<number> {
    const until = performance.now() + windowMs;
    let answered = 0;
    const client = async (connection: HttpConnection) => {
      for (; performance.now() < until; answered += 1) await ask(connection, next());
    };
    await Promise.all(this.#connections.map(client));
    return answered;
  }

  /** The answer's body. Throws at a refusal. */
  async one(question: HttpQuestion): Promise<string> {
    const [connection] = this.#connections;
    if (!connection) throw new Error('There is no connection.');
    return ask(connection, question);
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

async function ask(connection: HttpConnection, question: HttpQuestion): Promise<string> {
  const { status, body } = await connection.ask(question);
  if (status < 300) return body;
  throw new Error(`${question.path} answered ${status}: ${body.slice(0, 400)}`);
}
