/**
 * A row of `resource` and the resource that it holds. The same mapping serves rows of queries and the objects in the
 * change feed (`to_jsonb` of the row), which differ only in how they write times.
 */
import { type AnyResource, Fault, type Kind } from '@compute/domain';
import type { ProjectKeys } from './secrets/project-keys.ts';
import { type DataKeys, isSealed, openAnnotations, openSpec } from './secrets/sealing.ts';

type JsonObject = Record<string, unknown>;
type Time = Date | string;

export interface ResourceRow {
  readonly uid: string;
  readonly kind: Kind;
  readonly project: string;
  readonly name: string;
  readonly labels: Record<string, string>;
  /** Text; a sealed one is an object. */
  readonly annotations: JsonObject;
  readonly spec: JsonObject;
  readonly claim: Record<string, number>;
  readonly status: JsonObject;
  readonly phase: string;
  readonly phase_since: Time;
  readonly phase_seq: number;
  readonly transition_seq: number;
  readonly transition_at: Time;
  readonly generation: number;
  readonly spec_version: number;
  readonly status_version: number;
  readonly resource_version: number;
  /** Null or, in old entries of the feed, absent where it was not recorded. */
  readonly spec_resource_version?: number | null;
  readonly managed_fields?: readonly object[] | null;
  /** Null or, in old entries of the feed, absent: nothing was asked beside the spec. */
  readonly intent?: JsonObject | null;
  readonly created_at: Time;
  readonly updated_at: Time;
  readonly deletion_requested_at: Time | null;
  readonly deletion_with_disks: boolean;
  readonly attempts: number;
  readonly next_look_at: Time | null;
}

/** All columns, in the order of the table. */
export const RESOURCE_COLUMNS = `uid, kind, project, name, labels, annotations, spec, claim, status, phase, phase_since,
  phase_seq, transition_seq, transition_at, generation, spec_version, status_version, resource_version,
  spec_resource_version, managed_fields, intent, created_at, updated_at, deletion_requested_at, deletion_with_disks, attempts,
  next_look_at`;

export function toDate(time: Time): Date {
  return time instanceof Date ? time : new Date(time);
}

/** The resource of a row whose project's key is loaded (see `toResources`). */
export function toResource(row: ResourceRow, keys: ProjectKeys): AnyResource {
  const resource = {
    kind: row.kind,
    uid: row.uid,
    project: row.project,
    name: row.name,
    labels: row.labels,
    annotations: clearAnnotations(row, keys),
    generation: row.generation,
    specVersion: row.spec_version,
    statusVersion: row.status_version,
    resourceVersion: String(row.resource_version),
    ...(row.spec_resource_version == null ? {} : { specResourceVersion: String(row.spec_resource_version) }),
    ...(row.managed_fields == null ? {} : { managedFields: row.managed_fields }),
    ...(row.intent == null ? {} : { intent: row.intent }),
    createdAt: toDate(row.created_at),
    updatedAt: toDate(row.updated_at),
    ...(row.deletion_requested_at === null ? {} : { deletionRequestedAt: toDate(row.deletion_requested_at) }),
    spec: clearSpec(row, keys),
    phase: row.phase,
    phaseSince: toDate(row.phase_since),
    status: row.status,
    claim: row.claim,
  };
  // The only door between what the database holds and the types: `kind` decides, and only the verbs write rows.
  return resource as unknown as AnyResource;
}

/** The resources of rows; loads the keys of projects that are needed. */
export async function toResources(rows: readonly ResourceRow[], keys: ProjectKeys): Promise<AnyResource[]> {
  await keys.loadFor(rows);
  return rows.map((row) => toResource(row, keys));
}

function clearSpec(row: ResourceRow, keys: ProjectKeys): JsonObject {
  return isSealed(row.kind, row.spec) ? openSpec(row.kind, row.uid, row.spec, keysOf(row, keys)) : row.spec;
}

function clearAnnotations(row: ResourceRow, keys: ProjectKeys): JsonObject {
  if (!isSealed(row.kind, {}, row.annotations)) return row.annotations;
  return openAnnotations(row.kind, row.uid, row.annotations, keysOf(row, keys));
}

function keysOf(row: ResourceRow, keys: ProjectKeys): DataKeys {
  const found = keys.get(row.project);
  if (!found) throw new Fault('Internal', `The key of project ${row.project} is not loaded.`);
  return found;
}
