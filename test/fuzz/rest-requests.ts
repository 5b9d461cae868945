/** Random REST requests, made from the addresses and parameters of the OpenAPI document. */
import type { Random } from '../survival/seeds/random.ts';
import { hostileJson, hostileText, type Json, mutated, torn } from './hostile-values.ts';
import type { HttpCall } from './http-call.ts';
import { manifest } from './kube-requests.ts';
import { inPath, inQuery } from './request-texts.ts';
import { NAMES, type Tenants } from './tenants.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly example?: unknown;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly example: Json | undefined;
  readonly isStream: boolean;
}

interface Described {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly example?: Json }>> };
  readonly responses?: Readonly<Record<string, { readonly content?: object }>>;
}

/** The operations of an OpenAPI document. */
export function operationsOf(document: {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}): Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) =>
      operationOf(method.toUpperCase(), path, described as Described),
    ),
  );
}

function operationOf(method: string, path: string, { parameters = [], requestBody, responses }: Described): Operation {
  const example = requestBody?.content?.['application/json']?.example;
  const isStream = Object.values(responses ?? {}).some(({ content }) => content && 'text/event-stream' in content);
  return { method, path, parameters, example, isStream };
}

export interface RestRequest extends HttpCall {
  readonly route: string;
  readonly key: string;
}

const TYPES = [
  'application/json',
  'application/yaml',
  'application/merge-patch+json',
  'text/plain',
  'application/json;',
  '',
];
const ACCEPTS = [
  'application/json',
  'application/yaml',
  '*/*',
  'text/event-stream',
  'nothing',
  'application/cloudevents-batch+json',
];
/** Would take away the very keys that the attack speaks with. */
const LEFT_OUT = /^DELETE \/v1\/api-keys/;

export function restRequest(random: Random, tenants: Tenants, operations: readonly Operation[]): RestRequest {
  const allowed = operations.filter(({ method, path }) => !LEFT_OUT.test(`${method} ${path}`));
  const operation = random.one(allowed);
  const key = random.one([...tenants.attackerKeys, ...tenants.attackerKeys, tenants.adminKey]);
  const method = random.chance(0.95)
    ? operation.method
    : random.one(['GET', 'PUT', 'POST', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE']);
  const hasBody = operation.example !== undefined && method !== 'GET' && method !== 'HEAD';
  const body = hasBody || random.chance(0.03) ? bodyOf(random, operation, tenants) : undefined;
  const headers = {
    authorization: `Bearer ${key}`,
    ...(random.chance(0.2) ? { accept: random.one(ACCEPTS) } : {}),
    ...headersOf(random),
    ...(body ? { 'content-type': body.type, 'content-length': String(body.bytes.length) } : {}),
  };
  const path = pathOf(random, operation, tenants) + queryOf(random, operation);
  const isOpen = operation.isStream || path.includes('wait=');
  return {
    ...{ key, method, headers, path, body: body?.bytes, route: `${method} ${operation.path}` },
    ...(isOpen ? { readForMs: 50 + random.below(400) } : {}),
  };
}

const HEADERS: Readonly<Record<string, readonly string[]>> = {
  'idempotency-key': ['fuzz-1', 'fuzz-2', 'x'.repeat(256), '"', ' '],
  'if-match': ['*', '"1"', 'W/"1"', '"', '1, 2'],
  'if-none-match': ['*', '"1"'],
  'last-event-id': ['1', '-1', 'WyIxIl0.x'],
  traceparent: ['00-0-0-0', '00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff'],
  'x-request-id': ['a b', 'x'.repeat(300)],
  'x-forwarded-for': ['::ffff:1.2.3.4', ',,,', 'x'],
};

function headersOf(random: Random): Record<string, string> {
  const names = Object.keys(HEADERS).filter(() => random.chance(0.07));
  return Object.fromEntries(names.map((name) => [name, random.one(HEADERS[name] ?? [''])]));
}

function pathOf(random: Random, { path }: Operation, tenants: Tenants): string {
  return path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    if (name === 'project') return random.chance(0.75) ? tenants.attacker : inPath(random, tenants.victim);
    return inPath(random, name === 'name' ? random.one(NAMES) : String(random.below(3)));
  });
}

function queryOf(random: Random, { parameters }: Operation): string {
  const asked = parameters.filter((parameter) => parameter.in === 'query' && random.chance(0.25));
  const chosen = ({ example }: Parameter) =>
    example !== undefined && random.chance(0.6) ? String(example) : hostileText(random);
  const pairs = asked.map((parameter) => `${parameter.name}=${inQuery(chosen(parameter))}`);
  if (random.chance(0.03)) pairs.push(`${inQuery(hostileText(random))}=1`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function bodyOf(random: Random, { example, path }: Operation, tenants: Tenants): { type: string; bytes: Uint8Array } {
  const type = random.chance(0.85) ? 'application/json' : random.one(TYPES);
  const makesResource = path.endsWith('/vm-disks') || path.endsWith('/vm-instances') || path.endsWith('/manifests');
  const sound = makesResource || example === undefined ? manifest(random, tenants) : example;
  const value = random.chance(0.05) ? hostileJson(random) : mutated(random, sound, random.one([0, 0.05, 0.2]));
  const bytes = Buffer.from(JSON.stringify(value) ?? '');
  return { type, bytes: random.chance(0.08) ? torn(random, bytes) : bytes };
}
