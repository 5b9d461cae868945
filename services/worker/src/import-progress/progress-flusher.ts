/**
 * Gathers the progress of all imports in memory and writes it in batches: one statement for many disks, instead of a
 * transaction for each percent.
 *
 * Only figures pass through here; a change of phase goes through a commit of its own. Within a batch a disk never goes
 * backwards, and the store refuses a figure that is behind the row, so two workers cannot make it jump either.
 */
import type { ImportProgress } from '@compute/domain';

export interface ProgressEntry {
  readonly uid: string;
  readonly import: ImportProgress;
  /** When the disk is to be looked at next, where that changes. */
  readonly nextLookAfterMs?: number;
}

export interface ProgressFlusherOptions {
  /** How long the first figure of a batch waits for more; the age of what readers see grows by at most this. */
  readonly windowMs: number;
  readonly write: (entries: readonly ProgressEntry[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

export class ProgressFlusher {
  readonly #options: ProgressFlusherOptions;
  readonly #waiting = new Map<string, ProgressEntry>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: ProgressFlusherOptions) {
    this.#options = options;
  }

  /** Takes the newest figure of a disk; written within the window. */
  offer(entry: ProgressEntry): void {
    const waiting = this.#waiting.get(entry.uid);
    this.#waiting.set(entry.uid, { ...waiting, ...entry, import: ahead(waiting?.import, entry.import) });
    if (!this.#writing) this.#schedule();
  }

  /** Drops a figure that a commit of the same disk has overtaken. */
  forget(uid: string): void {
    this.#waiting.delete(uid);
  }

  /** Writes what waits and ends. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#writeBatch();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writeBatch().finally(() => {
        this.#writing = undefined;
        if (this.#waiting.size > 0) this.#schedule();
      });
    }, this.#options.windowMs);
  }

  /** A batch that fails is dropped: the next event or look brings a newer figure. */
  async #writeBatch(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const entries = [...this.#waiting.values()];
    this.#waiting.clear();
    await this.#options.write(entries).catch(this.#options.onError);
  }
}

/** The later of two figures of one disk. A new attempt may start again from below; within one, the percentage only rises. */
function ahead(before: ImportProgress | undefined, next: ImportProgress): ImportProgress {
  if (before === undefined || before.attempts !== next.attempts) return next;
  const falls = before.percent !== undefined && (next.percent ?? 0) < before.percent;
  return falls ? { ...next, percent: before.percent } : next;
}
