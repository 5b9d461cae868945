/**
 * All streams of the process, of every face: counted, and ended explicitly when the process stops, so that clients
 * know at once and go elsewhere.
 */
export interface OpenStream {
  /** Aborts when the client is gone or the server stops. */
  readonly signal: AbortSignal;
  readonly endedByServer: boolean;
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
  #stopping = false;

  constructor(onCount: (face: Face, change: 1 | -1) => void = () => undefined) {
    this.#onCount = onCount;
  }

  /** `isCounted` is false for what merely waits, such as for an operation. */
  open(face: Face, isCounted = true): OpenStream {
    const id = Symbol('stream');
    const controller = new AbortController();
    const { promise: finished, resolve } = Promise.withResolvers<void>();
    let endedByServer = false;
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
      abort: () => controller.abort(),
      done: () => {
        if (!this.#open.delete(id)) return;
        if (isCounted) this.#onCount(face, -1);
        resolve();
      },
    };
  }

  /** Ends every stream, now and from now on, and waits until each has said so to its client. */
  async endAll(): Promise<void> {
    this.#stopping = true;
    const open = [...this.#open.values()];
    for (const stream of open) stream.end();
    await Promise.all(open.map((stream) => stream.finished));
  }
}
