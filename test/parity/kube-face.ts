/** The kubectl face: the requests that kubectl sends, over bare HTTPS, so that nothing of a client library is in between. */
import { type KubeClient, type KubeReply, kubeClient, type TestApi } from '@compute/api/testing';
import type { FaultCode, Kind } from '@compute/domain';
import { plainObject, warningsIn } from './plain-shape.ts';
import type { Ask, AskOf, Face, Json, Outcome } from './requests.ts';
import { nameAndPhase } from './rest-face.ts';

const API_VERSION = 'apps.cozystack.io/v1alpha1';
const PLURALS: Readonly<Record<Kind, string>> = { VMInstance: 'vminstances', VMDisk: 'vmdisks' };
const MERGE = 'application/merge-patch+json';

/** What each code is to a client of Kubernetes, stated apart from the product's own table. */
const SAID: Readonly<Partial<Record<FaultCode, string>>> = {
  InvalidArgument: '422 Invalid',
  UnknownField: '422 Invalid',
  ImmutableField: '422 Invalid',
  Unauthenticated: '401 Unauthorized',
  PermissionDenied: '403 Forbidden',
  NotFound: '404 NotFound',
  AlreadyExists: '409 AlreadyExists',
  QuotaExceeded: '403 Forbidden',
  DiskInUse: '409 Conflict',
  PreconditionFailed: '409 Conflict',
  IdempotencyMismatch: '422 Invalid',
  WrongPowerState: '409 Conflict',
  NotCancellable: '409 Conflict',
};

const QUOTA = 'quota ';

type Write = Exclude<Ask, AskOf<'watch'> | AskOf<'list'> | AskOf<'get'> | AskOf<'act'>>;

export function kubeFace(api: TestApi, ca: string, happen: (ask: AskOf<'watch'>) => Promise<void>): Face {
  const clientOf = (key: string): KubeClient => kubeClient(api.api.kubeUrl ?? '', ca, key);
  let remembered: { uid: string; resourceVersion: string } | undefined;
  let goOn = '';
  return {
    name: 'kubectl',
    perform: async (ask, { project, key }) => {
      const client = clientOf(key);
      const path = `namespaces/${project}/${PLURALS[ask.kind]}`;
      if (ask.ask === 'watch') return watchEvents(client, path, ask, happen);
      const reply =
        ask.ask === 'list'
          ? await client.send('GET', `${path}?${listQuery(ask, ask.goOn ? goOn : '')}`)
          : ask.ask === 'get'
            ? await client.send('GET', `${path}/${ask.name}`)
            : ask.ask === 'act'
              ? await client.send('PUT', `${path}/${ask.name}/${ask.verb}${ask.dryRun ? '?dryRun=All' : ''}`, {})
              : await write(client, path, ask, ask.ask !== 'create' && ask.ifRemembered ? remembered : undefined);
      // What a rehearsal would do to the quota has no other place here.
      const all = warningsIn(reply.headers.warning);
      const warnings = all.filter(({ at }) => !at.startsWith(QUOTA));
      const effects = all.flatMap(({ at, message }) =>
        at.startsWith(QUOTA) ? [`${at.slice(QUOTA.length)}: ${message}`] : [],
      );
      const isRehearsal = 'dryRun' in ask && ask.dryRun === true;
      if (reply.status >= 400) return { refusal: refusalOf(reply.body), warnings };
      if (ask.ask === 'get' && ask.remember) remembered = reply.body.metadata;
      if (ask.ask !== 'list') return { object: plainObject(reply.body), warnings, ...(isRehearsal ? { effects } : {}) };
      goOn = reply.body.metadata.continue ?? '';
      return { items: reply.body.items.map(plainObject), more: goOn !== '', warnings };
    },
    said: (code, hasFields) => (code === 'InvalidArgument' && !hasFields ? '400 BadRequest' : SAID[code]),
    spelled: fieldPath,
    close: () => undefined,
  };
}

function listQuery({ selector, phase, size = 500 }: AskOf<'list'>, token: string): URLSearchParams {
  return new URLSearchParams({
    limit: `${size}`,
    ...(selector === undefined ? {} : { labelSelector: selector }),
    ...(phase === undefined ? {} : { fieldSelector: `status.phase=${phase}` }),
    ...(token === '' ? {} : { continue: token }),
  });
}

function write(
  client: KubeClient,
  path: string,
  ask: Write,
  version: { uid: string; resourceVersion: string } | undefined,
): Promise<KubeReply> {
  const query = `?fieldManager=kubectl&fieldValidation=Strict${ask.dryRun ? '&dryRun=All' : ''}`;
  const whole = (manifest: Json) => ({ apiVersion: API_VERSION, kind: ask.kind, ...manifest });
  if (ask.ask === 'create') return client.send('POST', path + query, whole(ask.manifest));
  const address = `${path}/${ask.name}${query}`;
  const at = version && { resourceVersion: version.resourceVersion };
  switch (ask.ask) {
    case 'delete': {
      const options = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' };
      return client.send('DELETE', address, { ...options, ...(version ? { preconditions: at } : {}) });
    }
    case 'replace':
      return replace(client, `${path}/${ask.name}`, address, whole(ask.manifest), at);
    case 'patch':
      return client.send('PATCH', address, version ? withVersion(ask.patch, at) : ask.patch, MERGE);
  }
}

/** `kubectl replace` reads the version first when the file has none. */
async function replace(client: KubeClient, path: string, address: string, manifest: Json, at: object | undefined) {
  const read = at ? undefined : await client.send('GET', path);
  if (read && read.status >= 400) return read;
  return client.send(
    'PUT',
    address,
    withVersion(manifest, at ?? { resourceVersion: read?.body.metadata.resourceVersion }),
  );
}

const withVersion = (manifest: Json, at: object | undefined): Json => ({
  ...manifest,
  metadata: { ...manifest.metadata, ...at },
});

/** Before each sentence Kubernetes says what sort of fault it is. */
const SORT =
  /^(?:Required value|Invalid value|Too long|Duplicate value|Forbidden|Unsupported value)(?:: "[^"]*")?: (.*)$/s;

function refusalOf(status: Json): NonNullable<Outcome['refusal']> {
  const causes: Json[] = status.details?.causes ?? [];
  const numbers = causes.filter(({ reason }) => reason === 'QuotaExceeded').map(({ message }) => message.split(': '));
  return {
    said: `${status.code} ${status.reason}`,
    message: status.message,
    fields: causes
      .filter(({ reason }) => reason !== 'QuotaExceeded')
      .map(({ field, message }) => ({ at: field, message: SORT.exec(message)?.[1] ?? message })),
    ...(numbers.length > 0 ? { quota: Object.fromEntries(numbers.map(([name, value]) => [name, Number(value)])) } : {}),
  };
}

const MAPS: readonly string[] = ['metadata.labels', 'metadata.annotations'];

/** `/spec/externalPorts/0` is `spec.externalPorts[0]`. */
function fieldPath(pointer: string): string {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce((path, key) => {
    if (/^\d+$/.test(key) || MAPS.includes(path)) return `${path}[${key}]`;
    return path === '' ? key : `${path}.${key}`;
  }, '');
}

async function watchEvents(
  client: KubeClient,
  path: string,
  ask: AskOf<'watch'>,
  happen: (ask: AskOf<'watch'>) => Promise<void>,
): Promise<Outcome> {
  const query = new URLSearchParams({ allowWatchBookmarks: 'true', labelSelector: ask.selector ?? '' });
  const watch = await client.watch(`${path}?${query}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`);
  const events: string[] = [];
  let listed = false;
  while (!listed || events.length < ask.events) {
    const { type, object } = await watch.next();
    if (type !== 'BOOKMARK') events.push(`${type} ${nameAndPhase(object)}`);
    else if (!listed) {
      listed = true;
      await happen(ask);
    }
  }
  watch.close();
  return { events, warnings: [] };
}
