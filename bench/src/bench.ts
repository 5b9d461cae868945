/** What a file `*.bench.ts` exports under the name `bench`, and what it is given to measure with. */
import type { Measured } from './result.ts';

export interface BenchContext {
  /** A Postgres for this bench alone, durable as in production. */
  postgres(): Promise<{ readonly url: string; readonly pid: number }>;
  /** Registers what must be ended after this bench, last first. */
  defer(cleanup: () => Promise<unknown>): void;
  /** How many pairs count; more make the median steadier. */
  readonly pairs: number;
  readonly windowMs: number;
  say(line: string): void;
}

export interface Bench {
  /** Names of the goals that it measures. */
  readonly goals: readonly string[];
  run(context: BenchContext): Promise<readonly Measured[]>;
}

/** A bench that cannot run here: the reason is printed and the others go on. */
export class NotHere extends Error {}
