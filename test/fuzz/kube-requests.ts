/** Random requests of the Kubernetes protocol: verbs, patches, selectors, versions, pages, tables, watches, content types. */
import type { Random } from '../survival/seeds/random.ts';
import { hostileJson, hostileText, type Json, mutated, torn } from './hostile-values.ts';
import type { HttpCall } from './http-call.ts';
import { inPath, inQuery } from './request-texts.ts';
import { NAMES, type Tenants } from './tenants.ts';

const GROUP = '/apis/apps.cozystack.io/v1alpha1';
const PLURALS = ['vmdisks', 'vminstances', 'vmdisk', 'VMDisks', 'pods', 'events'];
const SUBRESOURCES = ['status', 'start', 'stop', 'restart', 'pause', 'unpause', 'scale', 'log', 'exec', 'proxy'];
const PLACES = [
  ...['/', '/api', '/apis', '/version', '/healthz', '/readyz', '/livez', '/openapi/v2', '/openapi/v3', '/metrics'],
  ...[
    '/api/v1',
    '/apis/events.k8s.io/v1/events',
    '/api/v1/namespaces',
    '/api/v1/events',
    '/apis/metrics.k8s.io/v1beta1/pods',
  ],
  ...[GROUP, `${GROUP}/vmdisks`, `${GROUP}/vminstances`, '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'],
  ...['/openapi/v3/apis/apps.cozystack.io/v1alpha1', '/api/v1/watch/namespaces', '/apis/apps.cozystack.io'],
];
const PATCHES = [
  ...['application/merge-patch+json', 'application/json-patch+json', 'application/strategic-merge-patch+json'],
  ...['application/apply-patch+yaml', 'application/apply-patch+cbor'],
] as const;
const TYPES = [
  ...['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf', 'application/cbor', 'text/plain'],
  ...['application/json; charset=utf-16', 'application/json;', ';', '', 'multipart/form-data', ...PATCHES],
];
const ACCEPTS = [
  ...[
    'application/json',
    'application/json;as=Table;v=v1;g=meta.k8s.io',
    'application/json;as=Table;v=v9;g=meta.k8s.io',
  ],
  ...[
    'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    'application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io',
  ],
  ...[
    'application/vnd.kubernetes.protobuf',
    'application/yaml',
    '*/*',
    'text/html',
    'application/cbor',
    ';q=,',
    'application/json;as=Nothing',
  ],
];
const VALUES: Readonly<Record<string, readonly string[]>> = {
  labelSelector: ['team', '!team', 'team=plain', 'team in (plain,b)', 'team notin ()', 'a=b,c!=d'],
  fieldSelector: ['metadata.name=web', 'status.phase=Running', 'status.phase!=Ready,metadata.name=data', 'spec.x=1'],
  limit: ['1', '0', '-1', '500', '100000000000', '1.5', 'all'],
  continue: ['eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0', 'e30', 'W10'],
  resourceVersion: ['0', '1', '00', '-1', '99999999999999999999', '1e3', 'latest'],
  resourceVersionMatch: ['Exact', 'NotOlderThan', 'exact'],
  watch: ['1', 'true', 'yes', '0'],
  timeoutSeconds: ['1', '0', '-1', '1e9', 'soon'],
  allowWatchBookmarks: ['true', '2'],
  sendInitialEvents: ['true', 'false'],
  dryRun: ['All', 'all', 'None'],
  fieldManager: ['fuzz', 'x'.repeat(129), 'a\u0000b'],
  force: ['true', 'false', 'maybe'],
  fieldValidation: ['Strict', 'Warn', 'Ignore', 'strict'],
  propagationPolicy: ['Foreground', 'Orphan', 'Background', 'Never'],
  gracePeriodSeconds: ['0', '-1', '1e99'],
  pretty: ['true', '1'],
  includeObject: ['None', 'Metadata', 'Object', 'Everything'],
};

export interface KubeRequest extends HttpCall {
  readonly route: string;
  readonly key: string;
}

export function kubeRequest(random: Random, tenants: Tenants): KubeRequest {
  const key = random.one([...tenants.attackerKeys, ...tenants.attackerKeys, tenants.adminKey]);
  const method = random.one(['GET', 'GET', 'GET', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']);
  const { path, route } = placeOf(random, tenants, method);
  const { query, isWatch } = queryOf(random);
  const body = method === 'GET' || method === 'HEAD' ? undefined : bodyOf(random, method, tenants);
  const headers = {
    authorization: `Bearer ${key}`,
    accept: random.one(ACCEPTS),
    ...(body ? { 'content-type': body.type, 'content-length': String(body.bytes.length) } : {}),
  };
  return {
    ...{ key, method, headers, path: path + query, route: `${method} ${route}`, body: body?.bytes },
    ...(isWatch ? { readForMs: 50 + random.below(400) } : {}),
  };
}

function placeOf(random: Random, tenants: Tenants, method: string): { path: string; route: string } {
  if (random.chance(0.12)) {
    const place = random.one(PLACES);
    return { path: place, route: place };
  }
  const namespace = random.chance(0.75) ? tenants.attacker : random.one([tenants.victim, inPath(random, 'other')]);
  const plural = random.chance(0.9) ? random.one(PLURALS.slice(0, 2)) : random.one([...PLURALS, inPath(random, 'x')]);
  const isCollection = method === 'POST' || random.chance(0.35);
  const name = isCollection ? '' : `/${inPath(random, random.one(NAMES))}`;
  const sub = name !== '' && random.chance(0.2) ? `/${random.one([...SUBRESOURCES, inPath(random, 'x')])}` : '';
  const route = `${GROUP}/namespaces/*/${plural}${name && '/*'}${sub}`;
  return { path: `${GROUP}/namespaces/${namespace}/${plural}${name}${sub}`, route: route.slice(0, 120) };
}

function queryOf(random: Random): { query: string; isWatch: boolean } {
  const names = Object.keys(VALUES).filter(() => random.chance(0.12));
  const pairs = names.map(
    (name) => [name, random.chance(0.75) ? random.one(VALUES[name] ?? ['']) : hostileText(random)] as const,
  );
  const query = pairs.map(([name, value]) => `${name}=${inQuery(value)}`).join('&');
  return { query: query === '' ? '' : `?${query}`, isWatch: names.includes('watch') };
}

function bodyOf(random: Random, method: string, tenants: Tenants): { type: string; bytes: Uint8Array } {
  const type = random.chance(0.8) ? (method === 'PATCH' ? random.one(PATCHES) : 'application/json') : random.one(TYPES);
  const value = mutated(random, contentFor(random, type, tenants), random.one([0, 0.05, 0.2]));
  const bytes = Buffer.from(JSON.stringify(value) ?? '');
  return { type, bytes: random.chance(0.08) ? torn(random, bytes) : bytes };
}

function contentFor(random: Random, type: string, tenants: Tenants): Json {
  if (type === 'application/json-patch+json')
    return Array.from({ length: random.below(5) }, () => jsonPatchStep(random));
  if (random.chance(0.1))
    return { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: 'x' }, dryRun: ['All'] };
  const partial = type !== 'application/json' && !type.includes('apply');
  return partial ? partialEdit(random) : manifest(random, tenants);
}

const POINTERS = [
  '',
  '/spec',
  '/spec/storage',
  '/spec/disks/0',
  '/spec/disks/-',
  '/metadata/labels/a~1b',
  '/metadata/labels',
  '/x/y',
  '/status',
  '/~2',
];

function jsonPatchStep(random: Random): Json {
  const op = random.one(['add', 'remove', 'replace', 'move', 'copy', 'test', 'swap']);
  const pointer = () => (random.chance(0.85) ? random.one(POINTERS) : hostileText(random));
  return { op, path: pointer(), ...(random.chance(0.5) ? { from: pointer() } : {}), value: hostileJson(random) };
}

function partialEdit(random: Random): Json {
  const edits: readonly Json[] = [
    { spec: { storage: random.one(['1Gi', '2Gi', '3Gi', '0', '-1Gi']) } },
    {
      spec: {
        running: random.chance(0.5),
        disks: random.one<Json>([[], ['system'], ['data', 'system'], [{ name: 'data' }], [{ $patch: 'delete' }]]),
      },
    },
    { metadata: { labels: { a: hostileText(random) }, annotations: { b: hostileText(random) } } },
    { metadata: { finalizers: ['x/y'], ownerReferences: [{}], resourceVersion: '1', uid: 'x', managedFields: [{}] } },
    { spec: { $patch: 'replace', '$setElementOrder/disks': ['a'], '$deleteFromPrimitiveList/disks': ['data'] } },
    { spec: hostileJson(random) },
    { status: { phase: 'Running' } },
  ];
  return random.one(edits);
}

/** A sound manifest of either kind; small ones, so that quotas let many live. */
export function manifest(random: Random, tenants: Pick<Tenants, 'imageUrl'>): Json {
  const name = random.chance(0.4) ? random.one(NAMES) : `f${random.below(40)}`;
  const apiVersion = 'apps.cozystack.io/v1alpha1';
  const metadata = { name, labels: { team: 'plain' } };
  if (random.chance(0.5)) {
    const sources: readonly Json[] = [
      {},
      { http: { url: tenants.imageUrl } },
      { disk: { name: 'data' } },
      { image: { name: 'ubuntu-24.04' } },
    ];
    return { apiVersion, kind: 'VMDisk', metadata, spec: { storage: '1Gi', source: random.one(sources) } };
  }
  const spec = {
    ...{ instanceType: 'u1.medium', instanceProfile: 'ubuntu', disks: random.one([[], ['data'], ['system']]) },
    ...{ running: random.chance(0.5), external: random.chance(0.3), externalPorts: [22], cloudInit: '#cloud-config\n' },
  };
  return { apiVersion, kind: 'VMInstance', metadata, spec };
}
