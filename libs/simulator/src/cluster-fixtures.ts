/** Furnishes an empty cluster: namespaces, nodes, storage, instance types, preferences, golden images. What is there stays as it is. */
import { isAlreadyExists, type KubeClient, resourceKind } from '@compute/kube-client';
import { goldenImagesNamespace, installGoldenImages } from './images/golden-images.ts';
import { installKubeVirtCatalogue } from './kubevirt/catalogue/install.ts';
import { installFixtures } from './players/fixtures.ts';

const namespaces = resourceKind({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
});

export async function installClusterFixtures(client: KubeClient, { goldenImages = false } = {}): Promise<void> {
  for (const name of ['default', 'kube-system']) await createNamespace(client, name);
  await installFixtures(client);
  await installKubeVirtCatalogue(client);
  if (!goldenImages) return;
  await createNamespace(client, goldenImagesNamespace);
  await installGoldenImages(client);
}

async function createNamespace(client: KubeClient, name: string): Promise<void> {
  try {
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
