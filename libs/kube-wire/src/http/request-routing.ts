/** Which verb a request means, whether the kind offers it there, and which handler takes a subresource. Pure. */
import type { KindDefinition, SubresourceDefinition, Verb } from '../protocol/kind.ts';
import { verbsOf } from '../protocol/kind.ts';
import type { CustomRoute } from '../protocol/route.ts';
import { methodNotAllowed, unknownPath } from '../protocol/status-error.ts';
import type { ResourcePath } from './request-path.ts';
import { flagOf } from './resource-request.ts';

/** The verb of a request for a resource; 405 for methods that are none. */
export function verbOf(method: string, query: URLSearchParams, path: ResourcePath): Verb {
  const named = path.name !== '';
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (flagOf(query, 'watch') && path.subresource === '') return 'watch';
      return named ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      throw methodNotAllowed();
  }
}

/** Refuses what the kind does not offer: 404 for paths, 405 for verbs. */
export function checkScope(kind: KindDefinition, path: ResourcePath, verb: Verb): void {
  if (!kind.namespaced && path.namespace !== '') throw unknownPath();
  const acrossNamespaces = verb === 'list' || verb === 'watch';
  if (kind.namespaced && path.namespace === '' && !acrossNamespaces) throw methodNotAllowed(kind);
  if (path.subresource === '' ? !verbsOf(kind).includes(verb) : verb === 'create' || verb === 'delete') {
    throw methodNotAllowed(kind);
  }
  if (path.subresource !== '' && !(path.subresource === 'status' && kind.statusSubresource)) throw unknownPath();
  if (path.name === '' && (verb === 'update' || verb === 'patch')) throw methodNotAllowed(kind);
  if (path.name !== '' && verb === 'create') throw methodNotAllowed(kind);
}

/** The handler of a subresource of a kind, or of a custom route. Longer subresource paths win. */
export function findHandler(
  routes: readonly CustomRoute[],
  kind: KindDefinition | undefined,
  path: ResourcePath,
): SubresourceDefinition | undefined {
  const own = kind?.subresources?.[path.subresource];
  if (own !== undefined) return own;
  const asked = [path.subresource, ...path.rest].join('/');
  const candidates = routes.filter(
    ({ group, version, resource, subresource = '' }) =>
      group === path.group &&
      version === path.version &&
      resource === path.resource &&
      (subresource === asked || (subresource !== '' && asked.startsWith(`${subresource}/`))),
  );
  return candidates.sort((a, b) => (b.subresource ?? '').length - (a.subresource ?? '').length)[0];
}
