/**
 * The statements that write rows of resources. Each one also writes the change feed, with the row as it stands
 * afterwards, and the past, with the row as it stood before, so that neither can be forgotten. A statement sees its
 * tables as they were when it began: that is how the row before its change is read.
 */
import type { Statement } from '../connection.ts';
import { type DataKey, sealAnnotations, sealSpec } from '../secrets/sealing.ts';
import type { Batch } from './batch.ts';
import { type Column, columnsOf } from './columns.ts';
import type { Entry } from './entry.ts';

const json = (value: unknown): string => JSON.stringify(value);

/** The spec with its secrets sealed; as it lay there if it did not change. */
function storedSpec(batch: Batch, { resource, storedSpec: unchanged }: Entry): string {
  if (unchanged) return json(unchanged);
  return json(sealSpec(resource.kind, resource.uid, resource.spec, keyOf(batch, resource.project)));
}

function storedAnnotations(batch: Batch, { resource }: Entry): string {
  const { kind, uid, project, annotations } = resource;
  return json(sealAnnotations(kind, uid, annotations, keyOf(batch, project)));
}

function keyOf(batch: Batch, project: string): DataKey {
  const keys = batch.keys.get(project);
  if (!keys) throw new Error(`the key of project ${project} is not loaded`);
  return keys[0];
}

/** What a command may change, in the order of the statements' parameters after the identity. */
function changingColumns(batch: Batch): Column<Entry>[] {
  return [
    ({ resource }) => json(resource.labels),
    (entry) => storedAnnotations(batch, entry),
    (entry) => storedSpec(batch, entry),
    ({ resource }) => json(resource.claim),
    ({ resource }) => json(resource.status),
    ({ resource }) => resource.phase,
    ({ resource }) => resource.phaseSince,
    ({ phaseSeq }) => phaseSeq,
    ({ transitionSeq }) => transitionSeq,
    ({ transitionAt }) => transitionAt,
    ({ resource }) => resource.generation,
    ({ resource }) => resource.specVersion,
    ({ resource }) => resource.statusVersion,
    ({ resource }) => resource.deletionRequestedAt ?? null,
    ({ deletionWithDisks }) => deletionWithDisks,
    ({ attempts }) => attempts,
    ({ nextLookAt }) => nextLookAt ?? null,
    ({ resource }) => (resource.managedFields === undefined ? null : json(resource.managedFields)),
    ({ resource }) => (resource.intent ? json(resource.intent) : null),
  ];
}

export function insertValues(batch: Batch, entries: readonly Entry[]): unknown[] {
  const identity: Column<Entry>[] = [
    ({ resource }) => resource.uid,
    ({ resource }) => resource.kind,
    ({ resource }) => resource.project,
    ({ resource }) => resource.name,
  ];
  return [batch.now, ...columnsOf(entries, [...identity, ...changingColumns(batch)])];
}

export function updateValues(batch: Batch, entries: readonly Entry[]): unknown[] {
  return [batch.now, ...columnsOf(entries, [({ resource }) => resource.uid, ...changingColumns(batch)])];
}

export function scheduleValues(entries: readonly Entry[]): unknown[] {
  return columnsOf(entries, [
    ({ resource }) => resource.uid,
    ({ attempts }) => attempts,
    ({ nextLookAt }) => nextLookAt ?? null,
  ]);
}

const CHANGING = `labels, annotations, spec, claim, status, phase, phase_since, phase_seq, transition_seq, transition_at,
    generation, spec_version, status_version, deletion_requested_at, deletion_with_disks, attempts, next_look_at,
    managed_fields, intent`;

const unnestChanging = (first: number): string =>
  `$${first}::jsonb[], $${first + 1}::jsonb[], $${first + 2}::jsonb[], $${first + 3}::jsonb[], $${first + 4}::jsonb[],
    $${first + 5}::text[], $${first + 6}::timestamptz[], $${first + 7}::int[], $${first + 8}::int[],
    $${first + 9}::timestamptz[], $${first + 10}::int[], $${first + 11}::int[], $${first + 12}::int[],
    $${first + 13}::timestamptz[], $${first + 14}::boolean[], $${first + 15}::int[], $${first + 16}::timestamptz[],
    $${first + 17}::jsonb[], $${first + 18}::jsonb[]`;

const INSERT_CHANGE = `insert into change (seq, at, project, kind, uid, name, op, object)`;

/** What the rows of `input` were until now. Who owned which field is nobody's question about the past. */
const KEEP_PAST = `insert into past_state (project, kind, name, at, version, uid, created_at, object)
  select o.project, o.kind, o.name, $1::timestamptz, o.resource_version, o.uid, o.created_at, to_jsonb(o) - 'managed_fields'
  from resource o join input using (uid)`;

export const INSERT_RESOURCES: Statement = {
  name: 'insert_resources',
  text: `
with input as (
  select i.*, nextval('change_seq_seq') as seq
  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], ${unnestChanging(6)})
    as i(uid, kind, project, name, ${CHANGING})
), written as (
  insert into resource (uid, kind, project, name, ${CHANGING}, resource_version, spec_resource_version, created_at,
    updated_at)
  select uid, kind, project, name, ${CHANGING}, seq, seq, $1::timestamptz, $1::timestamptz from input
  returning *
), noted as (
  ${INSERT_CHANGE}
  select resource_version, updated_at, project, kind, uid, name, 'ADDED', to_jsonb(written) from written
)
select uid, resource_version, spec_resource_version from written`,
};

export const UPDATE_RESOURCES: Statement = {
  name: 'update_resources',
  text: `
with input as (
  select i.*, nextval('change_seq_seq') as seq
  from unnest($2::uuid[], ${unnestChanging(3)}) as i(uid, ${CHANGING})
), written as (
  update resource r
  set (${CHANGING}, resource_version, spec_resource_version, updated_at) = row (${CHANGING.split(',')
    .map((column) => `i.${column.trim()}`)
    .join(', ')}, i.seq,
    case when r.spec_version = i.spec_version then r.spec_resource_version else i.seq end, $1::timestamptz)
  from input i where r.uid = i.uid
  returning r.*
), past as (
  ${KEEP_PAST}
), noted as (
  ${INSERT_CHANGE}
  select resource_version, updated_at, project, kind, uid, name, 'MODIFIED', to_jsonb(written) from written
)
select uid, resource_version, spec_resource_version from written`,
};

/** Not a change that anybody sees: no version, nothing in the feed. */
export const SCHEDULE_RESOURCES: Statement = {
  name: 'schedule_resources',
  text: `
update resource r set attempts = i.attempts, next_look_at = i.next_look_at
from unnest($1::uuid[], $2::int[], $3::timestamptz[]) as i(uid, attempts, next_look_at)
where r.uid = i.uid`,
};

export const DELETE_RESOURCES: Statement = {
  name: 'delete_resources',
  text: `
with input as (
  select uid, nextval('change_seq_seq') as seq from unnest($2::uuid[]) as i(uid)
), gone as (
  delete from resource r using input i where r.uid = i.uid
  returning r.project, r.kind, r.uid, r.name, i.seq, to_jsonb(r) || jsonb_build_object('resource_version', i.seq) as object
), past as (
  ${KEEP_PAST}
), noted as (
  ${INSERT_CHANGE}
  select seq, $1::timestamptz, project, kind, uid, name, 'DELETED', object from gone
)
select uid, seq as resource_version, null::bigint as spec_resource_version from gone`,
};
