/** Which version of KubeVirt or CDI runs, and which feature gates its configuration opens. */
import { type KubeClient, KubeError, type KubeObject, resourceKind } from '@compute/kube-client';

interface KubeVirt extends KubeObject {
  spec?: { configuration?: { developerConfiguration?: { featureGates?: string[] } } };
  status?: { observedKubeVirtVersion?: string };
}

interface Cdi extends KubeObject {
  spec?: { config?: { featureGates?: string[] } };
  status?: { observedVersion?: string };
}

/** `unreadable`: there is no such object, or the account may not read it. */
export interface GatesOfOperator {
  readonly version?: string;
  readonly gates: readonly string[] | 'unreadable';
}

const kubeVirts = resourceKind<KubeVirt>({
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'KubeVirt',
  plural: 'kubevirts',
  namespaced: true,
});
const cdis = resourceKind<Cdi>({
  group: 'cdi.kubevirt.io',
  version: 'v1beta1',
  kind: 'CDI',
  plural: 'cdis',
  namespaced: false,
});

/** Throws KubeError when the cluster does not answer. */
export async function featureGates(client: KubeClient): Promise<{ kubevirt: GatesOfOperator; cdi: GatesOfOperator }> {
  const [kubevirt, cdi] = await Promise.all([readable(client.list(kubeVirts)), readable(client.list(cdis))]);
  return {
    kubevirt: gatesOf(
      kubevirt?.status?.observedKubeVirtVersion,
      kubevirt && (kubevirt.spec?.configuration?.developerConfiguration?.featureGates ?? []),
    ),
    cdi: gatesOf(cdi?.status?.observedVersion, cdi && (cdi.spec?.config?.featureGates ?? [])),
  };
}

function gatesOf(version: string | undefined, gates: readonly string[] | undefined): GatesOfOperator {
  return { ...(version === undefined ? {} : { version }), gates: gates ?? 'unreadable' };
}

async function readable<T extends KubeObject>(list: Promise<{ items: T[] }>): Promise<T | undefined> {
  try {
    return (await list).items[0];
  } catch (error) {
    if (error instanceof KubeError && (error.status === 403 || error.status === 404)) return undefined;
    throw error;
  }
}
