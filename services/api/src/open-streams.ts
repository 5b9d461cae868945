/**
 * All streams of the process, of every face: counted, and ended explicitly when the process stops, so that clients
 * know at once and go elsewhere.
 */
import { Fault } from '@compute/domain';

const FULL_RETRY_MS = 10_000;

export interface OpenStream {
  /** Aborts when the client is gone or the server stops. */
  readonly signal: AbortSignal;
  readonly endedByServer: boolean;
  /** Whose it is, once that is known. Throws `RateLimited` for one stream too many of theirs. */
  claim(owner: string): void;
  /** The client is gone. */
  abort(): void;
  /** Everything has been written. */
  done(): void;
}

export type Face = 'rest' | 'grpc' | 'kube';

export class OpenStreams {
  readonly #open = new Map<
    symbol,
    { readonly face: Face; readonly end: () => void; readonly finished: Promise<void> }
  >();
  readonly #onCount: (face: Face, change: 1 | -1) => void;
  readonly #perOwner: number;
  readonly #owned = new Map<string, number>();
  #stopping = false;

  /** `perOwner` 0: as many as they like. */
  constructor(onCount: (face: Face, change: 1 | -1) => void = () => undefined, perOwner = 0) {
    this.#onCount = onCount;
    this.#perOwner = perOwner;
  }

  /** `isCounted` is false for what merely waits, such as for an operation. */
  open(face: Face, isCounted = true): OpenStream {
    const id = Symbol('stream');
    const controller = new AbortController();
    const { promise: finished, resolve } = Promise.withResolvers<void>();
    let endedByServer = false;
    let owner: string | undefined;
    const end = () => {
      endedByServer = true;
      controller.abort();
    };
    this.#open.set(id, { face, end, finished });
    if (isCounted) this.#onCount(face, 1);
    if (this.#stopping) end();
    return {
      signal: controller.signal,
      get endedByServer() {
        return endedByServer;
      },
      claim: (name) => {
        this.#own(name, 1);
        owner = name;
      },
      abort: () => controller.abort(),
      done: () => {
        if (!this.#open.delete(id)) return;
        if (owner !== undefined) this.#own(owner, -1);
        if (isCounted) this.#onCount(face, -1);
        resolve();
      },
    };
  }

  #own(owner: string, change: 1 | -1): void {
    const count = (this.#owned.get(owner) ?? 0) + change;
    if (change > 0 && this.#perOwner > 0 && count > this.#perOwner) {
      const message = `At most ${this.#perOwner} streams of one caller may be open. Close one first.`;
      throw new Fault('RateLimited', message, { retryAfterMs: FULL_RETRY_MS });
    }
    if (count <= 0) this.#owned.delete(owner);
    else this.#owned.set(owner, count);
  }

  /** Ends every stream, now and from now on, and waits until each has said so to its client. */
  async endAll(): Promise<void> {
    this.#stopping = true;
    const open = [...this.#open.values()];
    for (const stream of open) stream.end();
    await Promise.all(open.map((stream) => stream.finished));
  }
}
