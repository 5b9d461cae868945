/** Everything that goes with a change of a resource, in the order in which it is written. */
import { attachmentsAdded, attachmentsLoosened, attachmentsRemoved } from './attachment-writes.ts';
import type { Batch } from './batch.ts';
import { outbox, transitions } from './history-writes.ts';
import { quotaAdded, quotaChanged, quotaThresholds } from './quota-writes.ts';
import { audit, idempotency, operationsEnded, operationsStarted } from './request-writes.ts';
import { metersClosed, metersOpened, usageEvents } from './usage-writes.ts';
import type { Write } from './write.ts';

export function ledgerWrites(batch: Batch): Write[] {
  return [
    transitions(batch),
    outbox(batch),
    quotaChanged(batch),
    quotaAdded(batch),
    quotaThresholds(batch),
    metersClosed(batch),
    metersOpened(batch),
    usageEvents(batch),
    attachmentsRemoved(batch),
    attachmentsLoosened(batch),
    attachmentsAdded(batch),
    operationsStarted(batch),
    operationsEnded(batch),
    idempotency(batch),
    audit(batch),
  ];
}
