/** Claim keys (`series:U/vcpus`), the counters they name, and the limits that hold where nobody set one. */
import type { Claim, ClaimMetric } from '@compute/domain';
import type { QuotaLimits } from '../records.ts';

export interface CounterName {
  readonly scope: string;
  readonly metric: ClaimMetric;
}

export function counterOf(claimKey: string): CounterName {
  const slash = claimKey.lastIndexOf('/');
  return { scope: claimKey.slice(0, slash), metric: claimKey.slice(slash + 1) as ClaimMetric };
}

export function claimKeyOf(counter: { scope: string; metric: string }): string {
  return `${counter.scope}/${counter.metric}`;
}

/** The limit by its own key, else by its family (`series:*`); null is unlimited. */
export function defaultLimit(defaults: QuotaLimits, claimKey: string): number | null {
  const own = defaults[claimKey];
  if (own !== undefined) return own;
  const { scope, metric } = counterOf(claimKey);
  const family = scope.includes(':') ? `${scope.slice(0, scope.indexOf(':'))}:*` : scope;
  return defaults[`${family}/${metric}`] ?? null;
}

/** What `after` takes more (positive) or less (negative) than `before`; equal keys are left out. */
export function claimDifference(before: Claim, after: Claim): [key: string, difference: number][] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const amount = (claim: Claim, key: string): number => (claim as Readonly<Record<string, number>>)[key] ?? 0;
  return [...keys]
    .map((key): [string, number] => [key, amount(after, key) - amount(before, key)])
    .filter(([, difference]) => difference !== 0);
}

/** The greater of both for each key: what is held while a shrunk machine has not yet become smaller. */
export function claimOfBoth(one: Claim, other: Claim): Claim {
  return combine(one, other, Math.max);
}

/** The lesser of both for each key of `held`, without keys that became 0. */
export function claimWithin(held: Claim, needed: Claim): Claim {
  return combine(held, needed, Math.min);
}

function combine(one: Claim, other: Claim, choose: (a: number, b: number) => number): Claim {
  const left = one as Readonly<Record<string, number>>;
  const right = other as Readonly<Record<string, number>>;
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  const entries = keys.map((key): [string, number] => [key, choose(left[key] ?? 0, right[key] ?? 0)]);
  return Object.fromEntries(entries.filter(([, amount]) => amount !== 0));
}
