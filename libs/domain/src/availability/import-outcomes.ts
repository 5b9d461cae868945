/**
 * How imports ended.
 *
 * Pure. An import is over when its disk becomes ready or fails; one that its owner gave up counts for neither side. A
 * disk that was not being filled (a blank one, one that only grows) has no import to count.
 */
import type { Stretch, TimeRange } from './lifetime.ts';

export interface ImportOutcomes {
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
}

const CANCELLED = 'ImportCancelled';
/** Failures that no import has. */
const NOT_OF_IMPORTS: ReadonlySet<string> = new Set([
  'GrowRefused',
  'GrowFailed',
  'DataLost',
  'StorageUnavailable',
  'ClusterStorageQuota',
]);

export function importOutcomes(stretches: readonly Stretch[], { from, to }: TimeRange): ImportOutcomes {
  const counts = { succeeded: 0, failed: 0, cancelled: 0 };
  let isImporting = false;
  let isFilled = false;
  for (const { phase, reason, fromMs } of stretches) {
    const counted = fromMs >= from.getTime() && fromMs < to.getTime();
    const outcome = outcomeOf(phase, reason, { isImporting, isFilled });
    if (outcome && counted) counts[outcome] += 1;
    isImporting = phase === 'Importing' || (phase === 'Pending' && isImporting);
    isFilled ||= phase === 'Ready' || phase === 'Resizing';
  }
  return counts;
}

function outcomeOf(
  phase: string,
  reason: string,
  { isImporting, isFilled }: { readonly isImporting: boolean; readonly isFilled: boolean },
): keyof ImportOutcomes | undefined {
  if (phase === 'Ready' || phase === 'Resizing') return isImporting ? 'succeeded' : undefined;
  if (phase !== 'Failed' || isFilled) return undefined;
  if (reason === CANCELLED) return 'cancelled';
  // A source can be refused before anything is imported.
  return isImporting || !NOT_OF_IMPORTS.has(reason) ? 'failed' : undefined;
}

/** Succeeded as a share of succeeded and failed; absent where none was over. */
export function importSuccessRate({ succeeded, failed }: ImportOutcomes): number | undefined {
  return succeeded + failed === 0 ? undefined : succeeded / (succeeded + failed);
}
