/**
 * Asks a machine that runs to take or let go of a disk. Clusters differ: with KubeVirt's declarative plugging the
 * manifest is enough and such a call is refused, because the cluster does it by itself; older ones need the call.
 */
import { type KubeClient, KubeError } from '@compute/kube-client';
import type { VirtualMachine } from '../kinds.ts';
import { volumeName } from '../manifests/machine-disks.ts';
import { vmObjectName } from '../manifests/object-names.ts';
import type { VmTarget } from '../targets.ts';
import { type ActionOutcome, DONE, outcomeOf } from './action-outcome.ts';

const CLUSTER_DOES_IT = /is owned by a VM/;
const DONE_ALREADY = /already exists|does not exist/;

/** Takes disk and volume as the manifest has them, so that both ways of a cluster lead to the same machine. */
export function plugDisk(
  client: KubeClient,
  target: VmTarget,
  disk: string,
  { spec }: VirtualMachine,
): Promise<ActionOutcome> {
  const name = volumeName(disk);
  const device = spec.template.spec.domain.devices.disks?.find((one) => one.name === name);
  const volume = spec.template.spec.volumes?.find((one) => one.name === name);
  if (device === undefined || volume?.dataVolume === undefined) return Promise.resolve(DONE);
  return ask(client, target, 'addvolume', { name, disk: device, volumeSource: { dataVolume: volume.dataVolume } });
}

export function unplugDisk(client: KubeClient, target: VmTarget, disk: string): Promise<ActionOutcome> {
  return ask(client, target, 'removevolume', { name: volumeName(disk) });
}

function ask(
  client: KubeClient,
  { vm, namespace }: VmTarget,
  subresource: 'addvolume' | 'removevolume',
  body: object,
): Promise<ActionOutcome> {
  const machine = { namespace, name: vmObjectName(vm.name), plural: 'virtualmachineinstances' };
  return outcomeOf(async () => {
    try {
      await client.subresource(
        'PUT',
        { group: 'subresources.kubevirt.io', version: 'v1', ...machine, subresource },
        body,
      );
    } catch (error) {
      if (!isAsWished(error)) throw error;
    }
    return DONE;
  });
}

function isAsWished(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  if (error.status === 400) return CLUSTER_DOES_IT.test(error.message);
  return error.status === 409 && DONE_ALREADY.test(error.message);
}
