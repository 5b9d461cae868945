/** Asks the cluster, right by right, whether the account that we use may do what a role grants. */
import type { KubeClient } from '@compute/kube-client';

/** A rule of a ClusterRole. */
export interface RoleRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

export interface ClusterRight {
  readonly verb: string;
  readonly group: string;
  /** With the subresource: `virtualmachines/start`. */
  readonly resource: string;
}

const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** Those of the rules' rights that the account lacks, in all namespaces. Throws KubeError when the cluster cannot be asked. */
export async function missingRights(client: KubeClient, rules: readonly RoleRule[]): Promise<ClusterRight[]> {
  const rights = rules.flatMap(rightsOf);
  const allowed = await Promise.all(rights.map((right) => isAllowed(client, right)));
  return rights.filter((_right, index) => !allowed[index]);
}

function rightsOf({ apiGroups, resources, verbs }: RoleRule): ClusterRight[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ verb, group, resource }))),
  );
}

async function isAllowed(client: KubeClient, { verb, group, resource: path }: ClusterRight): Promise<boolean> {
  const [resource, subresource = ''] = path.split('/', 2);
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb, group, resource, subresource } },
  };
  const { status } = await client.raw<{ status?: { allowed?: boolean } }>('POST', REVIEWS, review);
  return status?.allowed === true;
}
