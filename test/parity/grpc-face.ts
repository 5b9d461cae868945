/** The gRPC face as a client speaks it that was made of the descriptor. */
import { readFileSync } from 'node:fs';
import { insecure, messagesOf, type TestApi } from '@compute/api/testing';
import type { FaultCode, Kind } from '@compute/domain';
import { BadRequest, DryRunReport, descriptorPath, ErrorInfo, Status } from '@compute/proto';
import {
  type Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { messageOf, objectOf } from './manifest-messages.ts';
import { fromMessage, snakeCase, toMessage } from './message-words.ts';
import { effectText, mapValues, remarkOf } from './plain-shape.ts';
import type { Ask, AskOf, Face, Json, Outcome } from './requests.ts';
import { filterOf, nameAndPhase } from './rest-face.ts';

/** What each code is over gRPC, stated apart from the product's own table. */
const SAID: Readonly<Partial<Record<FaultCode, keyof typeof status>>> = {
  InvalidArgument: 'INVALID_ARGUMENT',
  UnknownField: 'INVALID_ARGUMENT',
  ImmutableField: 'INVALID_ARGUMENT',
  Unauthenticated: 'UNAUTHENTICATED',
  PermissionDenied: 'PERMISSION_DENIED',
  NotFound: 'NOT_FOUND',
  AlreadyExists: 'ALREADY_EXISTS',
  QuotaExceeded: 'RESOURCE_EXHAUSTED',
  DiskInUse: 'FAILED_PRECONDITION',
  PreconditionFailed: 'ABORTED',
  IdempotencyMismatch: 'INVALID_ARGUMENT',
  WrongPowerState: 'FAILED_PRECONDITION',
  NotCancellable: 'FAILED_PRECONDITION',
};

type Method = (request: Json, metadata: Metadata, answer: (error: ServiceError | null, reply: Json) => void) => unknown;
type Connected = Client & Readonly<Record<string, Method>>;
type Stub = new (address: string, security: ReturnType<typeof insecure>) => Connected;

const OPTIONS = { longs: String, enums: String, defaults: true } as const;
const FIELDS: Readonly<Record<Kind, string>> = { VMInstance: 'vm_instance', VMDisk: 'vm_disk' };
/** Requests that hold the resource, in the field of its name. */
const WITH_RESOURCE: readonly Ask['ask'][] = ['create', 'patch', 'replace'];
const NAMES: Readonly<Record<Kind, string>> = { VMInstance: 'VmInstance', VMDisk: 'VmDisk' };

/** The stubs of every service, made once. */
let stubs: Readonly<Record<string, Stub>> | undefined;

function stubOf(service: string): Stub {
  if (!stubs) {
    const loaded = loadPackageDefinition(loadFileDescriptorSetFromBuffer(readFileSync(descriptorPath()), OPTIONS));
    stubs = (loaded.compute as unknown as { v1: Readonly<Record<string, Stub>> }).v1;
  }
  const stub = stubs[service];
  if (!stub) throw new Error(`The descriptor has no service ${service}.`);
  return stub;
}

export function grpcFace(api: TestApi, happen: (ask: AskOf<'watch'>) => Promise<void>): Face {
  const clients = new Map<string, Connected>();
  const connect = (service: string): Connected => {
    const known = clients.get(service);
    if (known) return known;
    const made = new (stubOf(service))(api.api.grpcAddress, insecure());
    clients.set(service, made);
    return made;
  };
  let remembered = '';
  let pageToken = '';
  return {
    name: 'gRPC',
    perform: async (ask, { project, key }) => {
      const metadata = api.metadata(key);
      if (ask.ask === 'watch') return watchEvents(connect('WatchService'), ask, project, metadata, happen);
      const [method, request] = callOf(ask, project, remembered, pageToken);
      const { error, reply, received } = await invoke(connect(`${NAMES[ask.kind]}Service`), method, request, metadata);
      // This client joins values of the same name; each begins with the path of its field.
      const texts = received.get('warning').flatMap((text) => String(text).split(/, (?=vm_(?:instance|disk)\.)/));
      const warnings = texts.map(remarkOf);
      if (error) return { refusal: refusalOf(error), warnings };
      if (ask.ask === 'list') {
        pageToken = reply.nextPageToken;
        const items = reply[`${NAMES[ask.kind].replace('Vm', 'vm')}s`];
        return { items: items.map((item: Json) => objectOf(ask.kind, item)), more: pageToken !== '', warnings };
      }
      if (ask.ask === 'get' && ask.remember) remembered = reply.etag;
      const replayed = received.get('idempotency-replayed')[0] === 'true';
      const [report] = received.get('dry-run-bin');
      const effects = report ? { effects: DryRunReport.decode(report as Buffer).quota.map(effectText) } : {};
      return { object: objectOf(ask.kind, reply), warnings, replayed, ...effects };
    },
    said: (code) => `${SAID[code]} ${code.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`,
    spelled: fieldPath,
    close: () => {
      for (const client of clients.values()) client.close();
    },
  };
}

/** `/spec/externalPorts/0` is `vm_instance.spec.external_ports[0]`. */
function fieldPath(pointer: string, { ask, kind }: Ask, about: 'request' | 'resource'): string {
  const root = about === 'resource' || WITH_RESOURCE.includes(ask) ? FIELDS[kind] : '';
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce((path, key) => {
    if (/^\d+$/.test(key) || /\.(labels|annotations)$/.test(path)) return `${path}[${key}]`;
    const name = key.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
    return path === '' ? name : `${path}.${name}`;
  }, root);
}

function callOf(
  ask: Exclude<Ask, AskOf<'watch'>>,
  project: string,
  remembered: string,
  pageToken: string,
): [string, Json] {
  const name = NAMES[ask.kind];
  const field = name.replace('Vm', 'vm');
  if (ask.ask === 'list') {
    const { selector = '', size = 0, orderBy = '', goOn } = ask;
    const page = { pageSize: size, pageToken: goOn ? pageToken : '', orderBy };
    return [`list${name}s`, { project, labelSelector: selector, filter: filterOf(ask), ...page }];
  }
  if (ask.ask === 'get') return [`get${name}`, { project, name: ask.name }];
  const options = { project, validateOnly: ask.dryRun ?? false, requestId: ask.key ?? '' };
  if (ask.ask === 'create') return [`create${name}`, { ...options, [field]: messageOf(ask.manifest) }];
  if (ask.ask === 'act') return [`${ask.verb}${name}`, { ...options, name: ask.name }];
  const etag = ask.ifRemembered ? remembered : '';
  if (ask.ask === 'delete')
    return [`delete${name}`, { ...options, name: ask.name, etag, withDisks: ask.withDisks ?? false }];
  const whole = ask.ask === 'replace';
  const message = { ...messageOf(withoutUnset(whole ? ask.manifest : ask.patch), ask.name), etag };
  const updateMask = { paths: whole ? ['*'] : maskOf(ask.patch) };
  return [`update${name}`, { ...options, [field]: message, updateMask }];
}

/** The fields of the spec that a patch names; labels and annotations merge, which only a request without a mask does. */
function maskOf({ metadata, spec = {} }: Json): string[] {
  const changesMetadata = metadata?.labels !== undefined || metadata?.annotations !== undefined;
  if (changesMetadata) return [];
  return Object.keys(spec).map((key) => `spec.${snakeCase(key)}`);
}

/** A null of a merge patch is a path of the mask without a value. */
function withoutUnset(manifest: Json): Json {
  if (manifest.spec === undefined) return manifest;
  const given = Object.entries(manifest.spec).filter(([, value]) => value !== null);
  return { ...manifest, spec: Object.fromEntries(given) };
}

interface Answered {
  readonly error: ServiceError | null;
  readonly reply: Json;
  readonly received: Metadata;
}

function invoke(client: Connected, name: string, request: Json, metadata: Metadata): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const method = client[name];
    if (!method) return reject(new Error(`There is no method ${name}.`));
    let received = new Metadata();
    const call = method.call(client, toMessage(request), metadata, (error, reply) =>
      resolve({ error, reply: fromMessage(reply), received }),
    ) as ClientUnaryCall;
    call.on('metadata', (value) => {
      received = value;
    });
  });
}

function refusalOf(error: ServiceError): NonNullable<Outcome['refusal']> {
  const [encoded] = error.metadata.get('grpc-status-details-bin');
  const details = encoded === undefined ? [] : Status.decode(encoded as Buffer).details;
  const find = (name: string) =>
    details.find(({ typeUrl }) => typeUrl.endsWith(`.rpc.${name}`))?.value ?? new Uint8Array();
  const info = ErrorInfo.decode(find('ErrorInfo'));
  const { metric: _metric, scope: _scope, ...numbers } = info.metadata;
  return {
    said: `${status[error.code]} ${info.reason}`,
    message: error.details,
    fields: BadRequest.decode(find('BadRequest')).fieldViolations.map(({ field, description }) => ({
      at: field,
      message: description,
    })),
    ...(Object.keys(numbers).length > 0 ? { quota: mapValues(numbers, Number) as Record<string, number> } : {}),
  };
}

async function watchEvents(
  client: Connected,
  ask: AskOf<'watch'>,
  project: string,
  metadata: Metadata,
  happen: (ask: AskOf<'watch'>) => Promise<void>,
): Promise<Outcome> {
  const request = toMessage({ project, kinds: [ask.kind], labelSelector: ask.selector ?? '' });
  const stream = client.watch?.call(client, request, metadata, () => undefined) as ClientReadableStream<Json>;
  const next = messagesOf<Json>(stream);
  const events: string[] = [];
  let listed = false;
  while (!listed || events.length < ask.events) {
    const message = fromMessage(await next());
    const resource = message?.vmInstance ?? message?.vmDisk;
    if (resource)
      events.push(`${message.type.slice('CHANGE_TYPE_'.length)} ${nameAndPhase(objectOf(ask.kind, resource))}`);
    else if (!listed) {
      listed = true;
      await happen(ask);
    }
  }
  stream.cancel();
  return { events, warnings: [] };
}
