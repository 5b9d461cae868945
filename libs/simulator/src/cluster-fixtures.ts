/** Furnishes an empty cluster: namespaces, nodes, storage, instance types, preferences. What is there stays as it is. */
import { isAlreadyExists, type KubeClient, resourceKind } from '@compute/kube-client';
import { installKubeVirtCatalogue } from './kubevirt/catalogue/install.ts';
import { installFixtures } from './players/fixtures.ts';

const namespaces = resourceKind({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
});

export async function installClusterFixtures(client: KubeClient): Promise<void> {
  for (const name of ['default', 'kube-system']) await createNamespace(client, name);
  await installFixtures(client);
  await installKubeVirtCatalogue(client);
}

async function createNamespace(client: KubeClient, name: string): Promise<void> {
  try {
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
