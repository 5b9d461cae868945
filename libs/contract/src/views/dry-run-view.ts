/** What a request would do beside the resource that it shows: its outcome, its effect on the quota, what waits for a restart. */
import type { Claim, QuotaMetricName, Warning } from '@compute/domain';
import { type ProblemError, problemError } from '../errors/http-problem.ts';
import { claimsTogether } from './quota-record-views.ts';
import { type QuotaCounterFacts, shownMetric } from './quota-view.ts';

/** One counter of the project before the request and after it. Memory and storage are in GiB. */
export interface QuotaEffect {
  readonly scope: string;
  readonly metric: QuotaMetricName;
  readonly limit: number | 'unlimited';
  readonly before: number;
  readonly after: number;
}

export interface DryRunFacts {
  readonly outcome: string;
  readonly quota: readonly QuotaEffect[];
  readonly warnings: readonly Warning[];
}

export interface DryRunView {
  readonly outcome: string;
  /** The counters that would change. Of a deletion: once the resource is really gone. */
  readonly quota: readonly QuotaEffect[];
  /** Fields of the spec that a running machine takes over at its next start. */
  readonly restartRequired: readonly string[];
  readonly warnings: readonly ProblemError[];
}

export function dryRunView({ outcome, quota, warnings }: DryRunFacts): DryRunView {
  return { outcome, quota, restartRequired: restartFields(warnings), warnings: warnings.map(problemError) };
}

/** Pointers of the fields that wait for a restart. */
export function restartFields(warnings: readonly Warning[]): string[] {
  return warnings.filter(({ code }) => code === 'restart_required').map(({ pointer }) => pointer);
}

/** What claims that change do to the counters; counters that stay as they are are left out. */
export function quotaEffects(
  changes: readonly { readonly before: Claim; readonly after: Claim }[],
  counters: readonly QuotaCounterFacts[],
): QuotaEffect[] {
  return Object.entries(claimsTogether(changes))
    .filter(([, by]) => by !== 0)
    .map(([key, by]) => {
      const slash = key.lastIndexOf('/');
      const [scope, metric] = [key.slice(0, slash), key.slice(slash + 1)];
      const counter = counters.find((one) => one.scope === scope && one.metric === metric);
      const used = counter?.used ?? 0;
      const { name, shown } = shownMetric(metric as QuotaCounterFacts['metric']);
      const limit = counter?.limit ?? null;
      return {
        ...{ scope, metric: name, limit: limit === null ? ('unlimited' as const) : shown(limit) },
        ...{ before: shown(used), after: shown(used + by) },
      };
    });
}
