/** Asks a real API server for what one right allows. Who may not is refused before anything else is looked at, so nothing is changed. */
import type { ClusterRight } from '@compute/cluster';
import { type HttpVerb, type KubeClient, KubeError } from '@compute/kube-client';

/** Versions do not count where rights are judged, but a path has one. */
const VERSIONS: Readonly<Record<string, string>> = {
  'cdi.kubevirt.io': 'v1beta1',
  'instancetype.kubevirt.io': 'v1beta1',
  'metrics.k8s.io': 'v1beta1',
};
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'namespaces',
  'nodes',
  'virtualmachineclusterinstancetypes',
  'virtualmachineclusterpreferences',
]);
const METHODS: Readonly<Record<string, HttpVerb>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};
/** Those that name an object. */
const OF_ONE: ReadonlySet<string> = new Set(['get', 'update', 'patch', 'delete']);

/** The server's words of refusal; undefined when the account may. */
export async function refusalOf(client: KubeClient, right: ClusterRight): Promise<string | undefined> {
  try {
    await client.raw(METHODS[right.verb] ?? 'GET', pathOf(right));
    return undefined;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return error.status === 403 ? error.message : undefined;
  }
}

function pathOf({ verb, group, resource: path }: ClusterRight): string {
  const [resource = '', subresource] = path.split('/', 2);
  const root = group === '' ? '/api/v1' : `/apis/${group}/${VERSIONS[group] ?? 'v1'}`;
  const place = CLUSTER_SCOPED.has(resource) ? root : `${root}/namespaces/default`;
  const isOfOne = OF_ONE.has(verb) || subresource !== undefined;
  const object = [place, resource, ...(isOfOne ? ['none'] : []), ...(subresource === undefined ? [] : [subresource])];
  return `${object.join('/')}${verb === 'watch' ? '?watch=true&timeoutSeconds=1' : ''}`;
}
