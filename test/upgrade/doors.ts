/**
 * The APIs that a client may use, as behind a load balancer: each call takes another one, and a connection that breaks is
 * tried at the next under the same idempotency key. Whatever an API answers counts; a door that is gone does not.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const GIVE_UP_MS = 30_000;
const PAUSE_MS = 100;

export interface Counts {
  /** Calls that were answered, by the API's name. */
  readonly answered: Map<string, number>;
  /** Calls that were tried again because a connection broke. */
  retried: number;
  /** What should not have been answered: `POST vm-disks: 503 …`. */
  readonly failures: string[];
}

interface Door {
  readonly name: string;
  readonly url: string;
}

export class Doors {
  readonly counts: Counts = { answered: new Map(), retried: 0, failures: [] };
  #key: string;
  #doors: readonly Door[] = [];
  #turn = 0;

  constructor(key: string) {
    this.#key = key;
  }

  open(name: string, url: string): void {
    this.#doors = [...this.#doors.filter((door) => door.name !== name), { name, url }];
  }

  /** No call begins there any more. */
  close(name: string): void {
    this.#doors = this.#doors.filter((door) => door.name !== name);
  }

  /** Calls bear another API key from now on. */
  useKey(key: string): void {
    this.#key = key;
  }

  /** Another one with each call. */
  next(): Door {
    const door = this.#doors[this.#turn % this.#doors.length];
    this.#turn += 1;
    if (!door) throw new Error('No API is open.');
    return door;
  }

  /** The JSON of the answer; undefined, and counted as a failure, for an answer of another status than those expected. */
  async call<T>(method: string, path: string, body?: object, expected: readonly number[] = []): Promise<T | undefined> {
    const idempotencyKey = randomUUID();
    const deadline = Date.now() + GIVE_UP_MS;
    for (;;) {
      const door = this.next();
      const answer = await this.#send(door, { method, path, body, idempotencyKey });
      if (answer) return this.#judge<T>(door, `${method} ${path}`, answer, expected);
      if (Date.now() > deadline) return this.#failed(`${method} ${path}: no API answered`);
      this.counts.retried += 1;
      await pause(PAUSE_MS);
    }
  }

  get headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#key}` };
  }

  async #send(
    { url }: Door,
    {
      method,
      path,
      body,
      idempotencyKey,
    }: { method: string; path: string; body: object | undefined; idempotencyKey: string },
  ): Promise<{ status: number; text: string } | undefined> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const sent =
      body === undefined
        ? {}
        : {
            body: JSON.stringify(body),
            headers: { ...this.headers, 'content-type': type, 'idempotency-key': idempotencyKey },
          };
    try {
      const answer = await fetch(`${url}${path}`, { method, headers: this.headers, ...sent });
      return { status: answer.status, text: await answer.text() };
    } catch {
      return undefined;
    }
  }

  #judge<T>(
    { name }: Door,
    what: string,
    { status, text }: { status: number; text: string },
    expected: readonly number[],
  ): T | undefined {
    this.counts.answered.set(name, (this.counts.answered.get(name) ?? 0) + 1);
    if (expected.includes(status)) return undefined;
    if (status >= 300) return this.#failed(`${what} at ${name}: ${status} ${text.slice(0, 300)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  #failed(what: string): undefined {
    this.counts.failures.push(what);
    return undefined;
  }
}
