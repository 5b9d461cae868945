/** The real API server of the cluster suite, with the definitions of the foreign kinds that the chart can make, and its namespaces. */
import { readdirSync } from 'node:fs';
import { collectionPath, isAlreadyExists, type KubeObject, resourceKind } from '@compute/kube-client';
import { type OpenCluster, openCluster } from '../../cluster/combination/open-cluster.ts';
import { createObjects, installDefinitions, kindOf, objectsIn } from '../../cluster/real/definitions.ts';
import { definitionsFolder } from '../tools/build-tools.ts';
import { NAMESPACE, toolsFolder } from './helm.ts';

/** Pods of another profile are refused here, as in a cluster that takes care. */
const RESTRICTED = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/enforce-version': 'latest',
  'pod-security.kubernetes.io/warn': 'restricted',
};

const clusterRole = resourceKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
});
const clusterRoleBinding = resourceKind({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
});

export async function openChartCluster(): Promise<OpenCluster> {
  const cluster = await openCluster({ server: 'real', controllers: 'ours' }, process.env.CLUSTER_PIECES);
  try {
    const { admin } = cluster;
    // The suite gives its worker's account the role by hand; here the chart has to.
    await admin.delete(clusterRoleBinding, { name: 'compute-worker' });
    await admin.delete(clusterRole, { name: 'compute-worker' });
    const definitions = definitionsFolder(toolsFolder());
    if (readdirSync(definitions).length > 0) await installDefinitions(admin, objectsIn(definitions));
    await createObjects(admin, [
      namespace(NAMESPACE, RESTRICTED),
      namespace('tenant-acme'),
      namespace('tenant-globex'),
    ]);
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

const namespace = (name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

/** What the server would make of an object, every field known to it. Throws in the server's words. */
export function dryRun(cluster: OpenCluster, object: KubeObject): Promise<KubeObject> {
  return post(cluster, object, '?dryRun=All&fieldValidation=Strict');
}

/** The accounts among the objects, really made: no pod is let in without its account. */
export async function makeAccounts(cluster: OpenCluster, objects: readonly KubeObject[]): Promise<void> {
  for (const account of objects.filter(({ kind }) => kind === 'ServiceAccount')) {
    await post(cluster, account, '?fieldValidation=Strict').catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
  }
}

async function post({ admin }: OpenCluster, object: KubeObject, query: string): Promise<KubeObject> {
  const kind = await kindOf(admin, object);
  return admin.raw<KubeObject>('POST', `${collectionPath(kind, object.metadata.namespace)}${query}`, object);
}
