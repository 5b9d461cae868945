/**
 * The questions to the sources of disks that are under way, and their answers. A look at a disk takes what is known and
 * never waits: the first look begins the question, and the disk is poked when the answer is there.
 *
 * Answers belong to one generation of a disk, so a retry asks anew. They live in memory alone: another worker, or the
 * same after a restart, asks again.
 */
import type { SourceFinding, VmDisk } from '@compute/domain';

const MAX_ANSWERS = 10_000;
const ASKING: SourceFinding = { state: 'asking' };

export interface SourceProbesOptions {
  /** Asks one URL; never rejects. */
  readonly probe: (url: string, signal: AbortSignal) => Promise<SourceFinding>;
  /** Hears of each disk whose answer has come. */
  readonly onAnswer: (disk: { readonly uid: string }, finding: SourceFinding) => void;
  /** Questions at the same time, 16. */
  readonly concurrency?: number;
}

export class SourceProbes {
  readonly #options: SourceProbesOptions;
  readonly #answers = new Map<string, SourceFinding>();
  /** By URL: a burst of disks from one image asks its server once. */
  readonly #asking = new Map<string, Promise<SourceFinding>>();
  readonly #ending = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(options: SourceProbesOptions) {
    this.#options = options;
    this.#free = options.concurrency ?? 16;
  }

  /** What is known of the disk's source; undefined when it has none that could be asked. */
  findingOf(disk: VmDisk): SourceFinding | undefined {
    const url = disk.spec.source.http?.url;
    if (url === undefined || !isWorthAsking(disk)) return undefined;
    const key = `${disk.uid}/${disk.generation}`;
    const known = this.#answers.get(key);
    if (known) return known;
    this.#remember(key, ASKING);
    void this.#ask(url).then((finding) => {
      if (this.#ending.signal.aborted) return;
      this.#remember(key, finding);
      this.#options.onAnswer(disk, finding);
    });
    return ASKING;
  }

  /** Ends what is under way; nobody hears of it any more. */
  stop(): void {
    this.#ending.abort(new Error('the worker ends'));
    for (const begin of this.#waiting.splice(0)) begin();
  }

  #ask(url: string): Promise<SourceFinding> {
    const present = this.#asking.get(url);
    if (present) return present;
    const asking = this.#takeTurn()
      .then(() => this.#options.probe(url, this.#ending.signal))
      .finally(() => {
        this.#asking.delete(url);
        this.#giveTurn();
      });
    this.#asking.set(url, asking);
    return asking;
  }

  async #takeTurn(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #giveTurn(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }

  #remember(key: string, finding: SourceFinding): void {
    this.#answers.delete(key);
    this.#answers.set(key, finding);
    if (this.#answers.size <= MAX_ANSWERS) return;
    const oldest = this.#answers.keys().next().value;
    if (oldest !== undefined) this.#answers.delete(oldest);
  }
}

/** Only an import that is still to come, or whose length is not known yet, has use for an answer. */
function isWorthAsking({ phase, status, generation, deletionRequestedAt }: VmDisk): boolean {
  const progress = status.import;
  if (deletionRequestedAt || progress?.phase === 'Done' || phase === 'Ready' || phase === 'Resizing') return false;
  if (progress?.phase === 'Failed' && status.observedGeneration === generation) return false;
  const runs = progress?.phase === 'Downloading' && progress.totalBytes !== undefined;
  return !runs;
}
