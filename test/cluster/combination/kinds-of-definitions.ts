/**
 * What our API server must serve beside its own kinds before the real controllers work on it: their definitions, read from the
 * files that they are installed from, and the built-in kinds that they follow without using them here.
 */
import { type KindDefinition, resourceKey, type Schema } from '@compute/kube-wire';

/** A CustomResourceDefinition, as far as it is read here. */
export interface CustomDefinition {
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: { readonly kind: string; readonly plural: string; readonly shortNames?: string[] };
    readonly versions: readonly DefinedVersion[];
  };
}

interface DefinedVersion {
  readonly name: string;
  readonly storage: boolean;
  readonly schema?: { readonly openAPIV3Schema?: Schema };
  readonly subresources?: { readonly status?: object };
}

const FOLLOWED: readonly [group: string, version: string, kind: string, plural: string][] = [
  ['policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets'],
  ['apps', 'v1', 'ReplicaSet', 'replicasets'],
  ['apps', 'v1', 'Deployment', 'deployments'],
  ['apps', 'v1', 'DaemonSet', 'daemonsets'],
  ['batch', 'v1', 'Job', 'jobs'],
  ['batch', 'v1', 'CronJob', 'cronjobs'],
  ['networking.k8s.io', 'v1', 'Ingress', 'ingresses'],
  ['networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies'],
];

/** All kinds for a server whose controllers are real. `known` are those of the simulated cluster, whose admission is kept. */
export function kindsForRealControllers(
  known: readonly KindDefinition[],
  definitions: readonly CustomDefinition[],
): KindDefinition[] {
  const kinds = new Map(known.map((kind) => [resourceKey(kind), kind]));
  for (const [group, version, kind, plural] of FOLLOWED) {
    const followed = { group, version, kind, plural, namespaced: true, statusSubresource: true, strategicMerge: true };
    const key = resourceKey(followed);
    if (!kinds.has(key)) kinds.set(key, { ...followed, unconditionalUpdate: true });
  }
  for (const definition of definitions) {
    const key = resourceKey({ group: definition.spec.group, plural: definition.spec.names.plural });
    kinds.set(key, kindOf(definition, kinds.get(key)));
  }
  return [...kinds.values()];
}

/** Controllers write fields that our own shorter schemas do not name, so the whole schema takes their place. */
function kindOf({ spec }: CustomDefinition, ours: KindDefinition | undefined): KindDefinition {
  const { group, scope, names, versions } = spec;
  const version = versions.find(({ name, storage }) => (ours === undefined ? storage : name === ours.version));
  if (version === undefined) throw new Error(`${names.plural}.${group} has no version ${ours?.version ?? 'to store'}.`);
  const schema = version.schema?.openAPIV3Schema;
  return {
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    namespaced: scope === 'Namespaced',
    ...(names.shortNames === undefined ? {} : { shortNames: names.shortNames }),
    ...ours,
    statusSubresource: version.subresources?.status !== undefined,
    ...(schema === undefined ? {} : { schema }),
  };
}
