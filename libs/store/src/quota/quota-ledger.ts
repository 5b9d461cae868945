/**
 * The counters that one batch touches, locked and held in memory while its commands are decided one after another.
 * A refused command leaves no trace here; what remains at the end is written as sums.
 */
import { type Actor, type Claim, Fault, type QuotaMetricName, type QuotaRefusal, quotaLevel } from '@compute/domain';
import type { QuotaLimits } from '../records.ts';
import { type CounterName, claimDifference, claimKeyOf, counterOf, defaultLimit } from './claim-keys.ts';

export interface QuotaRow {
  readonly project: string;
  readonly scope: string;
  readonly metric: string;
  readonly limit_value: number | null;
  readonly used: number;
}

interface Counter extends CounterName {
  readonly project: string;
  readonly limit: number | null;
  readonly stored: boolean;
  used: number;
  difference: number;
  /** What exists was counted without regard to the limit. */
  beyond: boolean;
  /** Who made it grow last. */
  grownBy: GrownBy | undefined;
}

interface CounterChange {
  readonly counter: Counter;
  readonly difference: number;
}

/** Who asked for more, for the history of limits. */
export interface GrownBy {
  readonly actor: Actor;
  readonly requestId?: string;
  readonly traceparent?: string;
}

/** How to call a metric in an answer, and how many of the stored units make one of it. */
const SHOWN: Readonly<Record<string, { metric: QuotaMetricName; words: string; divisor: number }>> = {
  instances: { metric: 'instances', words: 'instances', divisor: 1 },
  vcpus: { metric: 'vcpus', words: 'vCPUs', divisor: 1 },
  memoryMib: { metric: 'memoryGib', words: 'GiB of memory', divisor: 1024 },
  disks: { metric: 'disks', words: 'disks', divisor: 1 },
  storageMib: { metric: 'storageGib', words: 'GiB of storage', divisor: 1024 },
  ips: { metric: 'externalIps', words: 'external IPs', divisor: 1 },
};

export class QuotaLedger {
  readonly #counters = new Map<string, Counter>();
  readonly #defaults: QuotaLimits;

  constructor(defaults: QuotaLimits) {
    this.#defaults = defaults;
  }

  load(rows: readonly QuotaRow[]): void {
    for (const { project, scope, metric, limit_value: limit, used } of rows) {
      const name = counterOf(claimKeyOf({ scope, metric }));
      this.#counters.set(idOf(project, claimKeyOf(name)), {
        ...name,
        project,
        limit,
        used,
        stored: true,
        difference: 0,
        beyond: false,
        grownBy: undefined,
      });
    }
  }

  /** Moves a project from one claim to another. `by` may be absent where nothing can grow. Throws `QuotaExceeded` and changes nothing when growth does not fit. */
  charge(project: string, before: Claim, after: Claim, by?: GrownBy): void {
    const differences = this.#differences(project, before, after);
    for (const { counter, difference } of differences) if (difference > 0) refuseOverLimit(counter, difference);
    add(differences, by);
  }

  /** Counts what exists in any case: a limit does not make it go away. */
  chargeBeyondLimit(project: string, claim: Claim, by: GrownBy): void {
    const differences = this.#differences(project, {}, claim);
    for (const { counter } of differences) counter.beyond = true;
    add(differences, by);
  }

  #differences(project: string, before: Claim, after: Claim): CounterChange[] {
    return claimDifference(before, after).map(([key, difference]) => ({
      counter: this.#counter(project, key),
      difference,
    }));
  }

  /** Counters that have a row and changed. */
  changed(): readonly Counter[] {
    return [...this.#counters.values()].filter((counter) => counter.stored && counter.difference !== 0);
  }

  /** Counters that need a row. */
  added(): readonly Counter[] {
    return [...this.#counters.values()].filter((counter) => !counter.stored && counter.difference !== 0);
  }

  /** Counters that may have reached a threshold: of one without a row, only the database knows what others added. */
  risen(): readonly Counter[] {
    return [...this.#counters.values()].filter(
      ({ stored, used, difference, limit }) =>
        difference > 0 && limit !== null && (!stored || quotaLevel(used, limit) > quotaLevel(used - difference, limit)),
    );
  }

  #counter(project: string, key: string): Counter {
    const id = idOf(project, key);
    const known = this.#counters.get(id);
    if (known) return known;
    const limit = defaultLimit(this.#defaults, key);
    const counter: Counter = {
      ...counterOf(key),
      project,
      limit,
      used: 0,
      stored: false,
      difference: 0,
      beyond: false,
      grownBy: undefined,
    };
    this.#counters.set(id, counter);
    return counter;
  }
}

function add(differences: readonly CounterChange[], by: GrownBy | undefined): void {
  for (const { counter, difference } of differences) {
    counter.used += difference;
    counter.difference += difference;
    if (difference > 0) counter.grownBy = by;
  }
}

function idOf(project: string, claimKey: string): string {
  return `${project}\n${claimKey}`;
}

function refuseOverLimit(counter: Counter, requested: number): void {
  if (counter.limit === null || counter.used + requested <= counter.limit) return;
  const quota = refusalOf(counter, counter.limit, requested);
  const words = SHOWN[counter.metric]?.words ?? counter.metric;
  const message =
    `Quota exceeded: ${scopeWords(counter.scope)} has a limit of ${quota.limit} ${words}; ` +
    `${quota.used} in use, ${quota.requested} requested, ${quota.remaining} remaining.`;
  throw new Fault('QuotaExceeded', message, { quota });
}

function refusalOf(counter: Counter, limit: number, requested: number): QuotaRefusal {
  const { metric, divisor } = SHOWN[counter.metric] ?? { metric: 'instances' as const, divisor: 1 };
  return {
    metric,
    scope: counter.scope,
    limit: limit / divisor,
    used: counter.used / divisor,
    requested: requested / divisor,
    remaining: Math.max(0, limit - counter.used) / divisor,
  };
}

function scopeWords(scope: string): string {
  const [family, name] = scope.split(':', 2);
  if (family === 'series') return `series ${name}`;
  if (family === 'class') return `storage class ${name}`;
  return 'the project';
}
