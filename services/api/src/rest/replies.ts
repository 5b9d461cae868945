/** Answers with their headers: what was accepted, where it is, what to wait for, what to know. */
import { dryRunView, etagOf, faultOf, parseFields, sparse, type ViewName, viewOf } from '@compute/contract';
import type { Kind, ResourceOf, Warning } from '@compute/domain';
import type { FastifyReply } from 'fastify';
import type { Accepted } from '../application/resource-service.ts';

const PLURALS: { readonly [K in Kind]: string } = { VMInstance: 'vm-instances', VMDisk: 'vm-disks' };

export function pathOfResource({
  kind,
  project,
  name,
}: {
  readonly kind: Kind;
  readonly project: string;
  readonly name: string;
}): string {
  return `/v1/projects/${project}/${PLURALS[kind]}/${name}`;
}

export const pathOfOperation = (id: string): string => `/v1/operations/${id}`;

/** Gives of a view what `fields` names. Throws `InvalidArgument` for a field that the view does not have. */
export function picker(view: ViewName, fields: string): (value: object) => object {
  const { paths, problems } = parseFields(view, fields);
  if (problems.length > 0) throw faultOf(problems, 'The query');
  return (value) => sparse(value, paths);
}

/** One page of a list, each entry with the fields that were asked for. */
export function listBody(
  view: ViewName,
  { items, next = '' }: { readonly items: readonly object[]; readonly next?: string | undefined },
  fields: string,
) {
  return { items: items.map(picker(view, fields)), nextPageToken: next };
}

/** A resource with its ETag. */
export function replyWith<K extends Kind>(reply: FastifyReply, kind: K, resource: ResourceOf[K], view = viewOf) {
  reply.header('etag', etagOf(resource));
  return view(kind, resource);
}

/** The answer to a change: 201 with Location, 202 when there is work to wait for, 200 when nothing changed or was only tried. */
export function replyAccepted<K extends Kind>(reply: FastifyReply, kind: K, accepted: Accepted<K>) {
  const { resource, operationId, replayed } = accepted;
  reply.status(statusOf(accepted));
  if (accepted.outcome === 'created' && !accepted.dryRun) reply.header('location', pathOfResource(resource));
  if (operationId !== undefined) reply.header('link', `<${pathOfOperation(operationId)}>; rel="operation"`);
  if (replayed) reply.header('idempotency-replayed', 'true');
  putWarnings(reply, accepted.warnings);
  const view = replyWith(reply, kind, resource);
  return accepted.dryRun ? { ...view, dryRun: dryRunView(accepted) } : view;
}

function statusOf({ outcome, dryRun }: Accepted): number {
  if (dryRun || outcome === 'unchanged') return 200;
  return outcome === 'created' ? 201 : 202;
}

const MAX_WARNINGS = 20;

/** One Warning header each (RFC 7234, as Kubernetes uses it), ASCII only. */
export function putWarnings(reply: FastifyReply, warnings: readonly Warning[]): void {
  if (warnings.length === 0) return;
  const lines = warnings
    .slice(0, MAX_WARNINGS)
    .map(({ pointer, message }) => `299 - "${quotable(`${pointer}: ${message}`)}"`);
  reply.header('warning', lines);
}

const quotable = (text: string): string =>
  text
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, "'")
    .slice(0, 500);
