/** Writes a decided batch: all statements travel together, and their order is the order here. */
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import type { Batch } from './batch.ts';
import { change, type Entry } from './entry.ts';
import { ledgerWrites } from './ledger-writes.ts';
import {
  DELETE_RESOURCES,
  INSERT_RESOURCES,
  insertValues,
  SCHEDULE_RESOURCES,
  scheduleValues,
  UPDATE_RESOURCES,
  updateValues,
} from './resource-writes.ts';

interface Written {
  readonly uid: string;
  readonly resource_version: number;
  readonly spec_resource_version: number | null;
}

/** Statements on their way: `stored` resolves when all of them succeeded, and the entries carry their new versions. */
export interface Flushed {
  readonly wrote: boolean;
  readonly stored: Promise<void>;
}

/** Sends the statements without waiting for them, so that the commit can travel with them. */
export async function flush(tx: pg.PoolClient, batch: Batch): Promise<Flushed> {
  const added = inState(batch, 'added').sort(byName);
  const changed = inState(batch, 'changed');
  const scheduled = inState(batch, 'scheduled');
  const removed = inState(batch, 'removed');
  // On this connection: waiting for another one while holding locks could wait for ever.
  await batch.keys.load(
    [...added, ...changed].map(({ resource }) => resource.project),
    tx,
  );
  const pending: Promise<Written[]>[] = [];
  if (added.length > 0) pending.push(rowsOf(tx, INSERT_RESOURCES, insertValues(batch, added)));
  if (changed.length > 0) pending.push(rowsOf(tx, UPDATE_RESOURCES, updateValues(batch, changed)));
  if (scheduled.length > 0) pending.push(rowsOf(tx, SCHEDULE_RESOURCES, scheduleValues(scheduled)));
  for (const { statement, values } of ledgerWrites(batch)) if (values) pending.push(rowsOf(tx, statement, values));
  if (removed.length > 0) {
    const uids = removed.map(({ resource }) => resource.uid);
    pending.push(rowsOf(tx, DELETE_RESOURCES, [batch.now, uids]));
  }
  const stored = allOrFirstError(pending).then((results) => {
    for (const rows of results) stampVersions(batch, rows);
  });
  return { wrote: pending.length > 0, stored };
}

/** The first statement that fails makes the others fail: its error is the one that tells why. */
async function allOrFirstError<T>(pending: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(pending);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return settled.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
}

function stampVersions(batch: Batch, rows: readonly Written[]): void {
  for (const { uid, resource_version: version, spec_resource_version: specVersion } of rows) {
    const entry = batch.byUid(uid);
    const since = specVersion === null ? {} : { specResourceVersion: String(specVersion) };
    if (entry) change(entry, { resourceVersion: String(version), updatedAt: batch.now, ...since });
  }
}

function inState(batch: Batch, state: Entry['state']): Entry[] {
  return batch.entries().filter((entry) => entry.state === state);
}

/** Names are unique: writers that insert in one order do not wait for each other in a circle. */
function byName({ resource: a }: Entry, { resource: b }: Entry): number {
  const key = (r: typeof a): string => `${r.project}/${r.kind}/${r.name}`;
  return key(a) < key(b) ? -1 : 1;
}
