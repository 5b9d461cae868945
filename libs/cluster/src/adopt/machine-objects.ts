/** The objects that a machine consists of in the cluster, whoever made them; asked of the cluster itself. */
import { Fault } from '@compute/domain';
import type { KubeClient } from '@compute/kube-client';
import {
  type Secret,
  type Service,
  secrets,
  services,
  type VirtualMachine,
  type VirtualMachineInstance,
  virtualMachineInstances,
  virtualMachines,
} from '../kinds.ts';
import { cloudInitSecretName, sshKeysSecretName, vmObjectName } from '../manifests/object-names.ts';

export interface MachineObjects {
  readonly virtualMachine: VirtualMachine;
  /** The running incarnation; absent of a machine that is off. */
  readonly machine?: VirtualMachineInstance;
  readonly service?: Service;
  /** The Secret that its template names for user data, under whatever name. */
  readonly userData?: Secret;
  /** The Secret that its template names for SSH keys, under whatever name. */
  readonly sshKeys?: Secret;
  /** Secrets that bear the names of this machine's: they become its. */
  readonly named: readonly Secret[];
}

/** Throws `NotFound` without a VirtualMachine of that name, and KubeError. */
export async function machineObjects(client: KubeClient, namespace: string, name: string): Promise<MachineObjects> {
  const ref = { namespace, name: vmObjectName(name) };
  const virtualMachine = await client.get(virtualMachines, ref);
  if (virtualMachine === undefined)
    throw new Fault('NotFound', `The namespace ${namespace} has no VirtualMachine ${ref.name}.`);
  const secretOf = async (secret: string | undefined) =>
    secret === undefined ? undefined : client.get(secrets, { namespace, name: secret });
  const [machine, service, userData, sshKeys, ...named] = await Promise.all([
    client.list(virtualMachineInstances, { namespace, fieldSelector: `metadata.name=${ref.name}` }),
    client.get(services, ref),
    secretOf(userDataSecretOf(virtualMachine)),
    secretOf(sshKeysSecretOf(virtualMachine)),
    ...[cloudInitSecretName(name), sshKeysSecretName(name)].map(secretOf),
  ]);
  const own = machine.items.find(({ metadata }) => isOwnedBy(metadata.ownerReferences, virtualMachine));
  return {
    virtualMachine,
    ...(own ? { machine: own } : {}),
    ...(service ? { service } : {}),
    ...(userData ? { userData } : {}),
    ...(sshKeys ? { sshKeys } : {}),
    named: named.filter((secret) => secret !== undefined),
  };
}

function isOwnedBy(owners: readonly { uid: string }[] = [], { metadata }: VirtualMachine): boolean {
  return owners.some(({ uid }) => uid === metadata.uid);
}

/** Name of the Secret that the template takes user data from. */
export function userDataSecretOf({ spec }: VirtualMachine): string | undefined {
  const volume = spec.template.spec.volumes?.find(({ cloudInitNoCloud }) => cloudInitNoCloud !== undefined);
  return volume?.cloudInitNoCloud?.secretRef?.name;
}

/** Name of the Secret that the template takes SSH keys from. */
export function sshKeysSecretOf({ spec }: VirtualMachine): string | undefined {
  return spec.template.spec.accessCredentials?.[0]?.sshPublicKey?.source.secret.secretName;
}
