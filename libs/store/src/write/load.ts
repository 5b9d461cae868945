/**
 * Loads and locks what a batch needs, in two waits: first rows of resources, in the order of their uids; then, with
 * those rows held, what hangs on them (quota in the order of its key, running meters, attachments). Every writer locks
 * in this order, which is what keeps writers from waiting for each other in a circle.
 */
import type { AnyResource, Claim } from '@compute/domain';
import type pg from 'pg';
import { sameJson } from '../canonical-json.ts';
import { rowsOf, type Statement } from '../connection.ts';
import { FEED_LOCK, SHARE_FEED } from '../locks.ts';
import { counterOf } from '../quota/claim-keys.ts';
import { neededClaim } from '../quota/needed-claim.ts';
import type { QuotaRow } from '../quota/quota-ledger.ts';
import { RESOURCE_COLUMNS, type ResourceRow } from '../resource-row.ts';
import type { OpenMeterRow } from '../usage/usage-ledger.ts';
import { Batch, type BatchOptions, type IdempotencyRow } from './batch.ts';
import type { Command } from './decision.ts';
import { entryOf } from './entry.ts';
import { type Needs, needsOf } from './needs.ts';

interface AttachmentRow {
  readonly project: string;
  readonly disk_name: string;
  readonly vm_uid: string;
  readonly vm_name: string;
  readonly vm_deleting: boolean;
  readonly exclusive: boolean;
}

/** Begins the batch. Must be the first thing in its transaction: the feed's lock comes before any sequence number. */
export async function loadBatch(
  tx: pg.PoolClient,
  commands: readonly Command[],
  options: BatchOptions,
): Promise<Batch> {
  const needs = needsOf(commands);
  const locked = Promise.all([
    rowsOf(tx, SHARE_FEED, [FEED_LOCK]),
    lockRows(tx, needs),
    loadIdempotency(tx, needs),
    options.keys.load(needs.projects, tx),
  ]);
  // What hangs on a new resource is known from its command: then both loads travel together.
  const rowsMatter = commands.some(({ verb }) => verb !== 'create');
  const [[, rows, idempotency], hanging] = rowsMatter
    ? await locked.then(async (first) => [first, await loadHanging(tx, needs, first[1])] as const)
    : await Promise.all([locked, loadHanging(tx, needs, [])]);
  await options.keys.loadFor(rows, tx);
  const batch = new Batch(hanging.now, options);
  for (const row of rows) batch.put(entryOf(row, options.keys));
  for (const row of idempotency) batch.knowIdempotency(row);
  for (const row of hanging.deletions) batch.openDeletions.set(row.uid, row.id);
  for (const row of hanging.attachments) batch.attachments.load(attachmentOf(row));
  batch.quota.load(hanging.quota);
  batch.usage.load(hanging.meters);
  return batch;
}

async function loadHanging(tx: pg.PoolClient, needs: Needs, rows: readonly ResourceRow[]) {
  const [clock, quota, meters, attachments, deletions] = await Promise.all([
    rowsOf<{ now: Date }>(tx, CLOCK, []),
    lockQuota(tx, needs, rows),
    lockMeters(tx, rows),
    loadAttachments(tx, needs, rows),
    loadOpenDeletions(tx, needs, rows),
  ]);
  return { now: clock[0]?.now ?? new Date(Number.NaN), quota, meters, attachments, deletions };
}

function attachmentOf(row: AttachmentRow) {
  const { project, disk_name: disk, vm_uid: vmUid, vm_name: vmName, vm_deleting: vmDeleting, exclusive } = row;
  return { project, disk, vmUid, vmName, vmDeleting, exclusive };
}

async function lockRows(tx: pg.PoolClient, { uids, names }: Needs): Promise<ResourceRow[]> {
  return rowsOf<ResourceRow>(tx, LOCK_ROWS, [
    [...uids.keys()],
    [...uids.values()].map(({ withDisks }) => withDisks),
    names.map(({ project }) => project),
    names.map(({ kind }) => kind),
    names.map(({ name }) => name),
    names.map(({ withDisks }) => withDisks),
  ]);
}

async function loadIdempotency(tx: pg.PoolClient, { idempotencyKeys }: Needs): Promise<IdempotencyRow[]> {
  if (idempotencyKeys.length === 0) return [];
  return rowsOf<IdempotencyRow>(tx, LOAD_IDEMPOTENCY, [idempotencyKeys]);
}

async function lockQuota(tx: pg.PoolClient, needs: Needs, rows: readonly ResourceRow[]): Promise<QuotaRow[]> {
  const counters = new Map<string, { project: string; scope: string; metric: string }>();
  const add = (project: string, claim: Claim): void => {
    for (const key of Object.keys(claim)) counters.set(`${project}\n${key}`, { project, ...counterOf(key) });
  };
  for (const { project, claim } of needs.claims) add(project, claim);
  for (const row of rows) if (needs.changesHeldClaims || holdsTooMuch(row)) add(row.project, row.claim);
  for (const { uid, claim } of needs.claimsByUid) {
    const row = rows.find((candidate) => candidate.uid === uid);
    if (row) add(row.project, claim);
  }
  if (counters.size === 0) return [];
  const all = [...counters.values()];
  return rowsOf<QuotaRow>(tx, LOCK_QUOTA, [
    all.map(({ project }) => project),
    all.map(({ scope }) => scope),
    all.map(({ metric }) => metric),
  ]);
}

function holdsTooMuch(row: ResourceRow): boolean {
  // Neither the spec's secrets nor the times matter here.
  return !sameJson(neededClaim(row as unknown as AnyResource), row.claim);
}

/** A closing of the period locks them in the same order. */
async function lockMeters(tx: pg.PoolClient, rows: readonly ResourceRow[]): Promise<OpenMeterRow[]> {
  if (rows.length === 0) return [];
  return rowsOf<OpenMeterRow>(tx, LOCK_METERS, [rows.map(({ uid }) => uid)]);
}

async function loadAttachments(tx: pg.PoolClient, needs: Needs, rows: readonly ResourceRow[]) {
  const vms = rows.filter(({ kind }) => kind === 'VMInstance').map(({ uid }) => uid);
  const disks = rows.filter(({ kind }) => kind === 'VMDisk').map(({ project, name }) => ({ project, disk: name }));
  const all = [...disks, ...needs.disks];
  if (vms.length + all.length === 0) return [];
  const columns = [all.map(({ project }) => project), all.map(({ disk }) => disk)];
  return rowsOf<AttachmentRow>(tx, LOAD_ATTACHMENTS, [vms, ...columns]);
}

async function loadOpenDeletions(tx: pg.PoolClient, needs: Needs, rows: readonly ResourceRow[]) {
  const uids = rows.filter((row) => row.deletion_requested_at !== null).map(({ uid }) => uid);
  if (!needs.deletes || uids.length === 0) return [];
  return rowsOf<{ id: string; uid: string }>(tx, LOAD_OPEN_DELETIONS, [uids]);
}

const CLOCK: Statement = {
  name: 'batch_clock',
  text: `select date_trunc('milliseconds', clock_timestamp()) as now`,
};

/** Rows by uid and by name, and the disks of VMs that ask for them. */
const LOCK_ROWS: Statement = {
  name: 'lock_rows',
  text: `
with target as (
  select uid, with_disks from unnest($1::uuid[], $2::boolean[]) as by_uid(uid, with_disks)
  union all
  select r.uid, by_name.with_disks
  from unnest($3::text[], $4::text[], $5::text[], $6::boolean[]) as by_name(project, kind, name, with_disks)
  cross join lateral (
    select uid from resource
    where project = by_name.project and kind = by_name.kind and name = by_name.name
    offset 0
  ) as r
), reached as (
  select uid from target
  union
  select d.uid
  from target t
  join disk_attachment a on a.vm_uid = t.uid
  join resource d on d.project = a.project and d.kind = 'VMDisk' and d.name = a.disk_name
  where t.with_disks
)
select ${RESOURCE_COLUMNS} from resource
where uid = any(array(select uid from reached))
order by uid
for no key update`,
};

const LOAD_IDEMPOTENCY: Statement = {
  name: 'load_idempotency',
  text: `
select project, key, request_hash as "requestHash", verb, uid, operation_id as "operationId",
  resource_version as "resourceVersion"
from idempotency where key = any($1::text[])`,
};

const LOCK_QUOTA: Statement = {
  name: 'lock_quota',
  text: `
select q.project, q.scope, q.metric, q.limit_value, q.used
from unnest($1::text[], $2::text[], $3::text[]) as i(project, scope, metric)
join quota q using (project, scope, metric)
order by q.project, q.scope, q.metric
for no key update of q`,
};

const LOCK_METERS: Statement = {
  name: 'lock_meters',
  text: `
select uid, meter, project, kind, name, dimensions, opened_at from usage_open
where uid = any($1::uuid[])
order by uid, meter
for update`,
};

const LOAD_ATTACHMENTS: Statement = {
  name: 'load_attachments',
  text: `
with related as (
  select vm_uid, disk_name from disk_attachment where vm_uid = any($1::uuid[])
  union
  select a.vm_uid, a.disk_name
  from unnest($2::text[], $3::text[]) as named(project, disk_name)
  join disk_attachment a using (project, disk_name)
)
select a.project, a.disk_name, a.vm_uid, a.exclusive, v.name as vm_name,
  v.deletion_requested_at is not null as vm_deleting
from related
join disk_attachment a using (vm_uid, disk_name)
join resource v on v.uid = a.vm_uid`,
};

const LOAD_OPEN_DELETIONS: Statement = {
  name: 'load_open_deletions',
  text: `select id, uid from operation where uid = any($1::uuid[]) and verb = 'delete' and done_at is null`,
};
