/** What `apply` gives out: an entry for each command, refused or not. */
import { Fault } from '@compute/domain';
import type { ApplyResult, WriteOutcome } from '../commands.ts';
import type { Outcome } from './decision.ts';

export function resultsOf(results: readonly (Outcome | Fault)[]): ApplyResult[] {
  return results.map((result) =>
    result instanceof Fault ? { ok: false, fault: result } : { ok: true, outcome: result as WriteOutcome },
  );
}
