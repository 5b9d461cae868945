/** Whether a cluster serves the kinds that we speak about, in the versions in which we do. */
import { apiVersionOf, isNotFound, type KubeClient, type ResourceKind } from '@compute/kube-client';
import {
  claims,
  clusterInstancetypes,
  clusterPreferences,
  dataVolumes,
  namespaces,
  pods,
  secrets,
  services,
  virtualMachineInstances,
  virtualMachines,
} from '../kinds.ts';

const NEEDED: readonly ResourceKind[] = [
  ...[virtualMachines, virtualMachineInstances, dataVolumes, clusterInstancetypes, clusterPreferences],
  ...[claims, secrets, services, pods, namespaces],
];

/** `kubevirt.io/v1 virtualmachines` for each that is not served. Throws KubeError when the cluster cannot be asked. */
export async function missingApis(client: KubeClient): Promise<string[]> {
  const byVersion = Map.groupBy(NEEDED, apiVersionOf);
  const missing = [...byVersion].map(async ([version, kinds]) => {
    const served = await servedBy(client, version);
    return kinds.filter(({ plural }) => !served.has(plural)).map(({ plural }) => `${version} ${plural}`);
  });
  return (await Promise.all(missing)).flat();
}

async function servedBy(client: KubeClient, version: string): Promise<Set<string>> {
  const path = version.includes('/') ? `/apis/${version}` : `/api/${version}`;
  try {
    const { resources } = await client.raw<{ resources: { name: string }[] }>('GET', path);
    return new Set(resources.map(({ name }) => name));
  } catch (error) {
    if (isNotFound(error)) return new Set();
    throw error;
  }
}
