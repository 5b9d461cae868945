/** CustomResourceDefinitions: read-only, computed from the registered kinds that no plain Kubernetes has. */
import { createHash } from 'node:crypto';
import type { KindDefinition } from '../protocol/kind.ts';
import { resourceKey, singularOf } from '../protocol/kind.ts';
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { column, nameColumn, textAt } from './cells.ts';

export const definitionKind: KindDefinition = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  statusSubresource: false,
  verbs: ['get', 'list', 'watch'],
  columns: [nameColumn, column('Created At', (object) => textAt(object, 'metadata.creationTimestamp', ''))],
};

/** Groups of a plain Kubernetes end so, or have no dot at all. */
function isCustom({ group }: KindDefinition): boolean {
  return group.includes('.') && !group.endsWith('.k8s.io');
}

/** One definition per custom resource, in the order of their names. */
export function customDefinitions(kinds: readonly KindDefinition[], createdAt: string): KubeObject[] {
  const custom = kinds.filter(isCustom).map((kind) => definitionOf(kind, createdAt));
  return custom.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

function definitionOf(kind: KindDefinition, createdAt: string): KubeObject {
  const name = resourceKey(kind);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name, uid: uidOf(name), resourceVersion: '1', generation: 1, creationTimestamp: createdAt },
    spec: {
      group: kind.group,
      names: namesOf(kind),
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      conversion: { strategy: 'None' },
      versions: [versionOf(kind)],
    },
    status: {
      acceptedNames: namesOf(kind),
      storedVersions: [kind.version],
      conditions: ['NamesAccepted', 'Established'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: createdAt,
      })),
    },
  };
}

function namesOf(kind: KindDefinition): Fields {
  return {
    plural: kind.plural,
    singular: singularOf(kind),
    kind: kind.kind,
    listKind: `${kind.kind}List`,
    ...(kind.shortNames === undefined ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories === undefined ? {} : { categories: kind.categories }),
  };
}

function versionOf(kind: KindDefinition): Fields {
  const columns = (kind.columns ?? []).filter(({ jsonPath }) => jsonPath !== undefined);
  return {
    name: kind.version,
    served: true,
    storage: true,
    schema: { openAPIV3Schema: kind.schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    ...(kind.statusSubresource ? { subresources: { status: {} } } : {}),
    ...(columns.length === 0
      ? {}
      : {
          additionalPrinterColumns: columns.map(({ name, type, jsonPath, priority }) => ({
            name,
            type,
            jsonPath,
            priority,
          })),
        }),
  };
}

/** The same definition has the same uid after a restart. */
function uidOf(name: string): string {
  const digest = createHash('sha256').update(name).digest('hex');
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-4${digest.slice(13, 16)}-9${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
