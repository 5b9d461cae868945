/**
 * What a URL path means: group, version, namespace, resource, name, subresource. Pure; knows no kinds, so an unknown
 * resource is still parsed and answered with the right 404 later.
 */

export interface ResourcePath {
  group: string;
  version: string;
  namespace: string;
  resource: string;
  name: string;
  /** First segment after the name. */
  subresource: string;
  /** Segments after the subresource. */
  rest: string[];
}

/** Parses `/api/v1/...` and `/apis/{group}/{version}/...`; undefined when the path names no resource. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const steps = path.split('/').filter((step) => step !== '');
  const prefix = steps.shift();
  if (prefix !== 'api' && prefix !== 'apis') return undefined;
  const group = prefix === 'api' ? '' : (steps.shift() ?? '');
  const version = steps.shift() ?? '';
  if (version === '' || steps.length === 0) return undefined;
  return { group, version, ...parseScope(steps.map(decodeStep)) };
}

function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/** `namespaces/x/pods/...` is scoped, while `namespaces`, `namespaces/x` and `namespaces/x/status` are the namespaces. */
function parseScope(steps: string[]): Omit<ResourcePath, 'group' | 'version'> {
  const scoped = steps[0] === 'namespaces' && steps.length > 2 && steps[2] !== 'status' && steps[2] !== 'finalize';
  const [resource = '', name = '', subresource = '', ...rest] = scoped ? steps.slice(2) : steps;
  return { namespace: scoped ? (steps[1] ?? '') : '', resource, name, subresource, rest };
}
