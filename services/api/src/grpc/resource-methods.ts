/** The methods that every kind has over gRPC, as functions of messages. Nothing here decides anything. */
import {
  DEFAULT_PAGE_SIZE,
  type FieldPath,
  faultOf,
  fieldPathOf,
  isSettable,
  MAX_PAGE_SIZE,
  masked,
  type PlainObject,
  patched,
  type QuotaEffect as QuotaEffectView,
  restartFields,
  type viewOf,
} from '@compute/contract';
import type { Kind, ResourceOf } from '@compute/domain';
import { DryRunReport, type QuotaEffect } from '@compute/proto';
import type { WriteOptions } from '../application/request-context.ts';
import type { Accepted, ResourceService } from '../application/resource-service.ts';
import { viewFor } from '../application/view-for.ts';
import type { Call } from './calls.ts';
import { keptBy, maskProblems, readMask } from './read-mask.ts';

export interface MessageCodec<K extends Kind, Message> {
  /** The field of requests that holds the resource. */
  readonly root: string;
  input(message: Message | undefined): PlainObject;
  message(row: ResourceOf[K], viewed?: typeof viewOf): Message;
  /** A message with some of its fields. */
  partial(fields: object): Message;
}

interface WriteRequest {
  readonly validateOnly?: boolean;
  readonly requestId: string;
  readonly etag?: string;
}

export function writeOptionsOf({ validateOnly = false, requestId, etag = '' }: WriteRequest): WriteOptions {
  return {
    dryRun: validateOnly,
    ...(requestId === '' ? {} : { idempotencyKey: requestId }),
    ...(etag === '' ? {} : { ifMatch: etag }),
  };
}

/** The resource as the reply; operation, warnings and replay in the metadata. */
export function replyAccepted<K extends Kind, Message>(
  call: Call,
  codec: MessageCodec<K, Message>,
  accepted: Accepted<K>,
): Message {
  const { operationId, warnings, replayed, resource } = accepted;
  if (operationId !== undefined) call.reply.set('operation', `operations/${operationId}`);
  if (replayed) call.reply.set('idempotency-replayed', 'true');
  for (const { pointer, message } of warnings.slice(0, MAX_WARNINGS))
    call.reply.add('warning', headerText(`${fieldPathOf(pointer, codec.root)}: ${message}`));
  if (accepted.dryRun)
    call.reply.set('dry-run-bin', Buffer.from(DryRunReport.encode(dryRunMessage(accepted)).finish()));
  return codec.message(resource, viewFor(call));
}

/** Clients take 8 KiB of metadata. */
const MAX_WARNINGS = 20;
const LONGEST_WARNING = 300;

const headerText = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, LONGEST_WARNING);

function dryRunMessage({ outcome, quota, warnings }: Accepted): DryRunReport {
  const fields = restartFields(warnings).map((pointer) => fieldPathOf(pointer, ''));
  return { outcome, quota: quota.map(quotaEffectMessage), restartRequired: fields };
}

export function quotaEffectMessage({ limit, ...effect }: QuotaEffectView): QuotaEffect {
  return { ...effect, limit: limit === 'unlimited' ? undefined : limit };
}

interface ListRequest {
  readonly project: string;
  readonly pageSize: number;
  readonly pageToken: string;
  readonly labelSelector: string;
  readonly filter: string;
  readonly orderBy: string;
  readonly readMask: readonly string[] | undefined;
  readonly asOf: Date | undefined;
}

interface ReadRequest {
  readonly project: string;
  readonly name: string;
  readonly readMask: readonly string[] | undefined;
  readonly asOf: Date | undefined;
}

/** 0 is the default; more than the most is clamped, as in REST. */
export function pageSizeOf(pageSize: number): number {
  if (pageSize < 0) {
    const message = 'A page size is not negative.';
    throw faultOf([{ pointer: '/pageSize', code: 'out_of_range', message }]);
  }
  return pageSize === 0 ? DEFAULT_PAGE_SIZE : Math.min(pageSize, MAX_PAGE_SIZE);
}

export async function listOf<K extends Kind, Message>(
  call: Call,
  service: ResourceService<K>,
  codec: MessageCodec<K, Message>,
  request: ListRequest,
) {
  const { project, pageToken, labelSelector, filter, orderBy, readMask: mask, asOf } = request;
  const page = await service.list(call, project, {
    pageSize: pageSizeOf(request.pageSize),
    pageToken,
    labelSelector,
    filter,
    orderBy,
    asOf,
    problems: maskProblems(service.kind, mask),
  });
  const keep = keptBy(mask);
  const items = page.items.map((row) => codec.partial(keep(codec.message(row, viewFor(call)) as object)));
  return { items, nextPageToken: page.nextPageToken };
}

/** One resource, or as much of it as the mask names. */
export async function read<K extends Kind, Message>(
  call: Call,
  service: ResourceService<K>,
  codec: MessageCodec<K, Message>,
  { project, name, readMask: mask, asOf }: ReadRequest,
): Promise<Message> {
  const keep = readMask(service.kind, mask);
  return codec.partial(keep(codec.message(await service.get(call, project, name, asOf), viewFor(call)) as object));
}

/** A new resource of the message in the request. */
export async function create<K extends Kind, Message>(
  call: Call,
  service: ResourceService<K>,
  codec: MessageCodec<K, Message>,
  request: WriteRequest & { readonly project: string },
  message: Message | undefined,
): Promise<Message> {
  const accepted = await service.create(call, request.project, codec.input(message), writeOptionsOf(request));
  return replyAccepted(call, codec, accepted);
}

/** A method of the service on the resource that a request names. */
export async function act<K extends Kind, Message>(
  call: Call,
  codec: MessageCodec<K, Message>,
  request: WriteRequest & { readonly project: string; readonly name: string },
  action: (call: Call, project: string, name: string, options: WriteOptions) => Promise<Accepted<K>>,
): Promise<Message> {
  return replyAccepted(call, codec, await action(call, request.project, request.name, writeOptionsOf(request)));
}

interface UpdateRequest extends WriteRequest {
  readonly project: string;
  readonly updateMask: readonly string[] | undefined;
}

/** AIP-134: the fields of the mask; without one the fields that are set; with `*` all of them. */
export async function update<K extends Kind, Message extends { metadata: { name: string } | undefined; etag: string }>(
  call: Call,
  service: ResourceService<K>,
  codec: MessageCodec<K, Message>,
  request: UpdateRequest,
  message: Message | undefined,
): Promise<Message> {
  const manifest = codec.input(message);
  const name = message?.metadata?.name ?? '';
  const options = writeOptionsOf({ ...request, etag: message?.etag ?? '' });
  const paths = (request.updateMask ?? []).map(pathOfMask);
  const edit = editOf(service.kind, manifest, paths);
  const accepted = await service.edit(call, request.project, name, edit, options, [
    'update',
    manifest,
    request.updateMask ?? [],
  ]);
  return replyAccepted(call, codec, accepted);
}

function editOf<K extends Kind>(
  kind: K,
  manifest: PlainObject,
  paths: readonly FieldPath[],
): (before: ResourceOf[K]) => PlainObject {
  if (paths.length === 0) return (before) => patched(before, manifest);
  if (paths.some((path) => path.length === 1 && path[0] === '*')) return () => manifest;
  const unknown = paths.filter((path) => !isSettable(kind, path));
  if (unknown.length > 0) {
    const problems = unknown.map((path) => ({
      pointer: '/updateMask',
      code: 'unknown_field',
      message: `There is no field '${path.join('.').slice(0, 80)}' to set.`,
    }));
    throw faultOf(problems, 'The update mask');
  }
  return (before) => masked(before, manifest, paths);
}

/** `spec.external_ports` in the words of the manifest. */
function pathOfMask(path: string): FieldPath {
  return path.split('.').map((key) => key.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase()));
}
