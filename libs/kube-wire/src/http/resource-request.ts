/**
 * One request for a resource, with its parameters read and checked. Everything the verbs need is here, so they do not
 * touch HTTP objects.
 */
import type { ResourceBackend, WriteOptions } from '../protocol/backend.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import type { RequestUser } from '../protocol/route.ts';
import type { Selection } from '../protocol/selectors.ts';
import { parseSelection } from '../protocol/selectors.ts';
import type { FieldProblem } from '../protocol/status-error.ts';
import { badRequest, invalid, invalidField, unsupportedField } from '../protocol/status-error.ts';
import type { Accepted } from './negotiation.ts';
import type { ResourcePath } from './request-path.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface ResourceRequest {
  kind: KindDefinition;
  backend: ResourceBackend;
  path: ResourcePath;
  query: URLSearchParams;
  accepted: Accepted;
  user: RequestUser;
  userAgent: string;
  body: Buffer;
  contentType: string;
  /** Texts for Warning headers; the verbs add to it. */
  warnings: string[];
}

export function keyOf({ path }: ResourceRequest): { namespace: string; name: string } {
  return { namespace: path.namespace, name: path.name };
}

export function writeOptions(request: ResourceRequest): WriteOptions {
  const { subresource } = request.path;
  return {
    user: request.user,
    dryRun: isDryRun(request.query),
    ...(subresource === '' ? {} : { subresource }),
    warn: (text) => void request.warnings.push(text),
  };
}

/** dryRun is either absent or `All`. */
export function isDryRun(query: URLSearchParams, values: string[] = query.getAll('dryRun')): boolean {
  if (values.length === 0) return false;
  if (values.every((value) => value === 'All')) return true;
  throw optionsProblem('', unsupportedField('dryRun', values.join(','), ['All']));
}

function optionsProblem(kind: string, problem: FieldProblem): Error {
  return invalid('meta.k8s.io', kind === '' ? 'CreateOptions' : kind, '', [problem]);
}

/** How unknown fields of the body are treated; Warn is the server's default. */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const value = query.get('fieldValidation') ?? '';
  if (value === '') return 'Warn';
  if (value === 'Strict' || value === 'Warn' || value === 'Ignore') return value;
  throw optionsProblem('', unsupportedField('fieldValidation', value, ['Ignore', 'Strict', 'Warn']));
}

/** The manager that owns what the request writes: the parameter, or the program's name in the User-Agent. */
export function fieldManagerOf({ query, userAgent }: Pick<ResourceRequest, 'query' | 'userAgent'>): string {
  const manager = query.get('fieldManager') ?? '';
  if (manager.length > 128) {
    throw optionsProblem('', invalidField('fieldManager', manager, 'may not be more than 128 bytes'));
  }
  return manager !== '' ? manager : (userAgent.split('/')[0] ?? '').slice(0, 128) || 'unknown';
}

export function selectionOf({ kind, query }: ResourceRequest): Selection {
  return parseSelection(
    query.get('labelSelector') ?? '',
    query.get('fieldSelector') ?? '',
    kind.selectableFields ?? [],
  );
}

/** A boolean parameter: `true`, `1` and the bare name are true. */
export function flagOf(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== 'false' && value !== '0';
}

/** A non-negative integer parameter; 400 for anything else. */
export function integerOf(query: URLSearchParams, name: string, otherwise: number): number {
  const value = query.get(name);
  if (value === null || value === '') return otherwise;
  if (!/^\d+$/.test(value)) throw badRequest(`invalid value for ${name}: ${JSON.stringify(value)}`);
  return Number(value);
}
