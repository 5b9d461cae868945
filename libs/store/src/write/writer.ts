/**
 * The writer: many callers' commands in one transaction, each with its own verdict.
 *
 * Commands wait in memory while `IN_FLIGHT` transactions run; when one ends, what waits (at most `LARGEST_BATCH`) makes
 * the next. No timer: an idle store writes at once, a busy one in large batches. A refused command leaves no trace in
 * its batch. When a statement fails, whichever command is to blame, all of them are run again, each alone.
 */
import { type AnyResource, Fault, isFault } from '@compute/domain';
import type pg from 'pg';
import type { ApplyOptions } from '../commands.ts';
import { Following, inTransaction, rowsOf, Undo } from '../connection.ts';
import { asUnavailable, isWorthRepeating, toFault } from '../database-errors.ts';
import { type ResourceRow, toResources } from '../resource-row.ts';
import { decideCreate } from '../verbs/create.ts';
import { decideObserve } from '../verbs/observe.ts';
import { decideRemove } from '../verbs/remove.ts';
import { decideRequestDeletion } from '../verbs/request-deletion.ts';
import { decideWant } from '../verbs/want.ts';
import type { Batch, BatchOptions } from './batch.ts';
import type { AfterStoring, Command, Decision, Outcome } from './decision.ts';
import { flush } from './flush.ts';
import { loadBatch } from './load.ts';

const LARGEST_BATCH = 64;
const IN_FLIGHT = 2;
const TRIES_ALONE = 4;

interface Waiting {
  readonly command: Command;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

type Verdict = Decision | Fault;

interface Decided {
  readonly verdicts: readonly Verdict[];
  readonly committed: boolean;
  readonly written: boolean;
}

export interface Applied {
  readonly committed: boolean;
  readonly results: readonly (Outcome | Fault)[];
}

export class Writer {
  readonly #pool: pg.Pool;
  readonly #options: BatchOptions;
  readonly #onWritten: () => void;
  readonly #waiting: Waiting[] = [];
  readonly #idleListeners: (() => void)[] = [];
  #running = 0;

  /** `onWritten` is called after each commit that changed anything. */
  constructor(pool: pg.Pool, options: BatchOptions, onWritten: () => void) {
    this.#pool = pool;
    this.#options = options;
    this.#onWritten = onWritten;
  }

  submit(command: Command): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject });
      // Commands of one turn of the event loop travel together.
      queueMicrotask(() => this.#startNext());
    });
  }

  /** Runs commands of one caller in a transaction of their own. */
  async apply(commands: readonly Command[], options: ApplyOptions): Promise<Applied> {
    return alone(() => this.#run(commands, options));
  }

  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void> {
    if (this.#running === 0 && this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleListeners.push(resolve));
  }

  #startNext(): void {
    while (this.#running < IN_FLIGHT && this.#waiting.length > 0) {
      this.#running += 1;
      const batch = this.#waiting.splice(0, LARGEST_BATCH);
      void this.#runBatch(batch).finally(() => {
        this.#running -= 1;
        this.#startNext();
        if (this.#running === 0) for (const listener of this.#idleListeners.splice(0)) listener();
      });
    }
  }

  async #runBatch(waiting: readonly Waiting[]): Promise<void> {
    try {
      const commands = waiting.map(({ command }) => command);
      const { results } = await this.#run(commands, { atomic: false });
      for (const [index, one] of waiting.entries()) settle(one, results[index]);
    } catch (error) {
      const fault = asUnavailable(error);
      if (!isFault(fault, 'Unavailable')) return this.#runSingly(waiting);
      for (const one of waiting) one.reject(fault);
    }
  }

  async #runSingly(waiting: readonly Waiting[]): Promise<void> {
    for (const one of waiting) {
      try {
        const { results } = await alone(() => this.#run([one.command], { atomic: false }));
        settle(one, results[0]);
      } catch (error) {
        one.reject(error);
      }
    }
  }

  async #run(commands: readonly Command[], options: ApplyOptions): Promise<Applied> {
    const decided = await inTransaction<Decided>(this.#pool, async (tx) => {
      const batch = await loadBatch(tx, commands, this.#options);
      const verdicts = commands.map((command) => verdictOn(batch, command));
      const refused = options.atomic && verdicts.some((verdict) => verdict instanceof Fault);
      if (refused) throw new Undo({ verdicts, committed: false, written: false });
      const { wrote, stored } = await flush(tx, batch);
      if (!options.dryRun) return new Following({ verdicts, committed: true, written: wrote }, stored);
      await stored;
      throw new Undo({ verdicts, committed: false, written: false });
    });
    if (decided.written) this.#onWritten();
    const results = await Promise.all(decided.verdicts.map((verdict) => this.#outcomeOf(verdict)));
    return { committed: decided.committed, results };
  }

  async #outcomeOf(verdict: Verdict): Promise<Outcome | Fault> {
    if (verdict instanceof Fault) return verdict;
    const after: AfterStoring = { asAnswered: (uid, version) => this.#asAnswered(uid, version) };
    try {
      return await verdict(after);
    } catch (error) {
      return toFault(error);
    }
  }

  async #asAnswered(uid: string, resourceVersion: number): Promise<AnyResource> {
    const rows = await rowsOf<{ object: ResourceRow }>(this.#pool, AS_ANSWERED, [uid, resourceVersion]);
    const [resource] = await toResources(
      rows.map(({ object }) => object),
      this.#options.keys,
    );
    if (!resource) throw new Fault('NotFound', 'The resource of the earlier request is gone.');
    return resource;
  }
}

function verdictOn(batch: Batch, command: Command): Verdict {
  try {
    return decide(batch, command);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

function decide(batch: Batch, command: Command): Decision {
  switch (command.verb) {
    case 'create':
      return decideCreate(batch, command);
    case 'want':
      return decideWant(batch, command);
    case 'requestDeletion':
      return decideRequestDeletion(batch, command);
    case 'observe':
      return decideObserve(batch, command);
    case 'remove':
      return decideRemove(batch, command);
  }
}

/** Repeats what lost a race against another writer: the next try sees what the other wrote. */
async function alone<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt >= TRIES_ALONE || !isWorthRepeating(error)) throw toFault(error);
    }
  }
}

function settle(waiting: Waiting, result: Outcome | Fault | undefined): void {
  if (result === undefined) waiting.reject(new Fault('Internal', 'The command has no outcome.'));
  else if (result instanceof Fault) waiting.reject(result);
  else waiting.resolve(result);
}

/** The row as the feed has it, or as it stands when the feed has forgotten. */
const AS_ANSWERED = {
  name: 'as_answered',
  text: `
select object from (
  select object, 1 as choice from change where seq = $2 and uid = $1
  union all
  select to_jsonb(r), 2 from resource r where uid = $1
) as candidates order by choice limit 1`,
};
