/** One subscriber of the change feed: no gap, no double, in order, from a position on. Holds no buffer of its own. */
import type { Change, SubscribeOptions, Subscription } from '../records.ts';
import { type ChangeLog, parsePosition } from './change-log.ts';
import type { ChangeTail } from './change-tail.ts';

const CATCH_UP_PAGE = 500;

export class FeedSubscription implements Subscription {
  readonly #tail: ChangeTail;
  readonly #log: ChangeLog;
  readonly #options: SubscribeOptions;
  readonly #begin: number | undefined;
  #position: number;

  /** Throws `InvalidArgument` when `after` is no position. */
  constructor(tail: ChangeTail, log: ChangeLog, options: SubscribeOptions) {
    this.#tail = tail;
    this.#log = log;
    this.#options = options;
    this.#begin = options.after === undefined ? undefined : parsePosition(options.after);
    this.#position = this.#begin ?? 0;
  }

  get position(): string {
    return String(this.#position);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Change, void, undefined> {
    await this.#tail.start();
    this.#position = this.#begin ?? this.#tail.head;
    const news = new News(this.#tail, this.#options.signal);
    try {
      while (!this.#over()) {
        const next = news.next;
        const changes = this.#tail.after(this.#position) ?? (await this.#catchUp());
        for (const change of changes) {
          if (this.#over()) return;
          this.#position = Number(change.seq);
          if (this.#matches(change)) yield change;
        }
        if (changes.length === 0) await next;
      }
    } finally {
      news.close();
    }
  }

  async #catchUp(): Promise<readonly Change[]> {
    const { project, kinds } = this.#options;
    const upTo = this.#tail.head;
    const page = await this.#log.read({ after: this.#position, upTo, limit: CATCH_UP_PAGE, project, kinds });
    // Nothing that matches is left up to the head: the rest is passed over.
    if (page.length === 0) this.#position = upTo;
    return page.length === 0 ? (this.#tail.after(upTo) ?? []) : page;
  }

  #over(): boolean {
    return this.#tail.closed.aborted || this.#options.signal?.aborted === true;
  }

  #matches({ project, kind }: Change): boolean {
    const { project: wantedProject, kinds } = this.#options;
    return (wantedProject === undefined || wantedProject === project) && (kinds?.includes(kind) ?? true);
  }
}

/**
 * That there may be something to do: the tail moved or closed, or the subscriber is gone. Listens once for the whole of a
 * subscription, since a thousand of them wake at each change.
 */
class News {
  readonly #signal: AbortSignal | undefined;
  readonly #forget: () => void;
  #next = Promise.withResolvers<void>();

  constructor(tail: ChangeTail, signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#forget = tail.listen(this.#tell);
    signal?.addEventListener('abort', this.#tell, { once: true });
  }

  /** Whoever takes it before looking misses nothing. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  close(): void {
    this.#forget();
    this.#signal?.removeEventListener('abort', this.#tell);
  }

  readonly #tell = (): void => {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  };
}
