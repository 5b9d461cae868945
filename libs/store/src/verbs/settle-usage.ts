/**
 * Makes the running meters those of a resource's present state, and writes the charge that they come from into history
 * when it changed: phases and charges together are all that a bill can be computed from again.
 */
import { chargeOf } from '@compute/domain';
import { canonicalJson } from '../canonical-json.ts';
import type { Attribution, Batch } from '../write/batch.ts';
import type { Entry } from '../write/entry.ts';

export const CHARGE = 'Charge';

export function settleUsage(batch: Batch, entry: Entry, at: Date, by: Attribution): void {
  const charge = canonicalJson(chargeOf(entry.resource));
  if (charge !== entry.chargedAs) {
    const from = entry.chargedAs === undefined ? {} : { from: entry.chargedAs };
    batch.record(entry, { type: CHARGE, ...from, to: charge, reason: 'Charged', message: 'What is charged.', at }, by);
    entry.chargedAs = charge;
  }
  batch.usage.settle(entry.resource, at);
}
