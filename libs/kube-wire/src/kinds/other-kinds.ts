/** Kinds of the smaller groups: leases, metrics, roles, custom resource definitions, and access reviews. */

import { humanDuration } from '../http/human-duration.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import type { KubeObject } from '../protocol/kube-object.ts';
import { fieldsOf, listOf, readPath } from '../protocol/kube-object.ts';
import { formatQuantity, parseQuantity } from '../protocol/quantity.ts';
import type { CustomRoute, RouteCall, RouteReply } from '../protocol/route.ts';
import { kubernetesSchema } from './catalogue/type-notation.ts';
import { ageColumn, column, nameColumn, textAt } from './cells.ts';

const leaseKind: KindDefinition = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  schema: kubernetesSchema('Lease'),
  namespaced: true,
  statusSubresource: false,
  generation: 'none',
  strategicMerge: true,
  unconditionalUpdate: true,
  columns: [nameColumn, column('Holder', (lease) => textAt(lease, 'spec.holderIdentity', '')), ageColumn],
};

/** Usage summed over the containers of a pod, or of the node itself. */
function usage(object: KubeObject, resource: 'cpu' | 'memory'): string {
  const usages =
    object.containers === undefined ? [object.usage] : listOf(object.containers).map((each) => fieldsOf(each).usage);
  const sum = usages.reduce<number>((total, each) => total + (parseQuantity(fieldsOf(each)[resource]) ?? 0), 0);
  return resource === 'cpu' ? `${Math.ceil(sum * 1000)}m` : formatQuantity(Math.ceil(sum / 1024) * 1024, 'binary');
}

const metrics = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  statusSubresource: false,
  generation: 'none',
  strategicMerge: true,
  unconditionalUpdate: true,
  columns: [
    nameColumn,
    column('cpu', (object) => usage(object, 'cpu')),
    column('memory', (object) => usage(object, 'memory')),
    column('window', (object) => windowText(object)),
  ],
} as const;

function windowText(object: KubeObject): string {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(String(object.window ?? ''))?.[1];
  return seconds === undefined ? textAt(object, 'window', '') : humanDuration(Number(seconds) * 1000);
}

const rbac = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  statusSubresource: false,
  generation: 'none',
  strategicMerge: true,
  unconditionalUpdate: true,
} as const;

const createdAt = column('Created At', (object) => textAt(object, 'metadata.creationTimestamp', ''));
const roleColumn = column('Role', (object) => {
  return `${textAt(object, 'roleRef.kind', '')}/${textAt(object, 'roleRef.name', '')}`;
});

function subjects(kind: string): (object: KubeObject) => string {
  return (object) =>
    listOf(object.subjects)
      .map(fieldsOf)
      .filter((subject) => subject.kind === kind)
      .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${String(namespace)}/${String(name)}` : String(name)))
      .join(', ');
}

const bindingColumns = [
  nameColumn,
  roleColumn,
  ageColumn,
  column('Users', subjects('User'), 1),
  column('Groups', subjects('Group'), 1),
  column('ServiceAccounts', subjects('ServiceAccount'), 1),
];

export const otherKinds: KindDefinition[] = [
  leaseKind,
  { ...metrics, kind: 'PodMetrics', plural: 'pods', singular: '', namespaced: true },
  { ...metrics, kind: 'NodeMetrics', plural: 'nodes', singular: '', namespaced: false },
  {
    ...rbac,
    kind: 'Role',
    plural: 'roles',
    schema: kubernetesSchema('Role'),
    namespaced: true,
    columns: [nameColumn, createdAt],
  },
  {
    ...rbac,
    kind: 'RoleBinding',
    plural: 'rolebindings',
    schema: kubernetesSchema('RoleBinding'),
    namespaced: true,
    columns: bindingColumns,
  },
  {
    ...rbac,
    kind: 'ClusterRole',
    plural: 'clusterroles',
    schema: kubernetesSchema('ClusterRole'),
    namespaced: false,
    columns: [nameColumn, createdAt],
  },
  {
    ...rbac,
    kind: 'ClusterRoleBinding',
    plural: 'clusterrolebindings',
    schema: kubernetesSchema('ClusterRoleBinding'),
    namespaced: false,
    columns: bindingColumns,
  },
];

/** Everything is allowed: the simulated cluster stores roles and does not enforce them. */
async function allow({ body }: RouteCall): Promise<RouteReply> {
  return { status: 201, body: { ...fieldsOf(body), status: { allowed: true } } };
}

async function whoAmI({ body, user }: RouteCall): Promise<RouteReply> {
  return {
    status: 201,
    body: { ...fieldsOf(body), status: { userInfo: { username: user.name, groups: user.groups } } },
  };
}

async function allRules({ body }: RouteCall): Promise<RouteReply> {
  const status = {
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  };
  return { status: 201, body: { ...fieldsOf(body), spec: readPath(body, 'spec') ?? {}, status } };
}

const review = { version: 'v1', namespaced: false, verbs: ['create'] } satisfies Partial<CustomRoute>;
const authorization = { ...review, group: 'authorization.k8s.io' };

/** Reviews are answered, never stored. */
export const reviewRoutes: CustomRoute[] = [
  { ...authorization, resource: 'selfsubjectaccessreviews', kind: 'SelfSubjectAccessReview', handle: allow },
  { ...authorization, resource: 'subjectaccessreviews', kind: 'SubjectAccessReview', handle: allow },
  {
    ...authorization,
    resource: 'localsubjectaccessreviews',
    kind: 'LocalSubjectAccessReview',
    namespaced: true,
    handle: allow,
  },
  { ...authorization, resource: 'selfsubjectrulesreviews', kind: 'SelfSubjectRulesReview', handle: allRules },
  {
    ...review,
    group: 'authentication.k8s.io',
    resource: 'selfsubjectreviews',
    kind: 'SelfSubjectReview',
    handle: whoAmI,
  },
];
