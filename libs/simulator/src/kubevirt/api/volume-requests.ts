/** What `addvolume` and `removevolume` of a VMI do to its spec, and KubeVirt's words when they are refused. Pure. */
import type { HotplugMode } from '../hotplug-mode.ts';
import type { DiskSpec, VirtualMachineInstance, VolumeSpec } from '../objects.ts';
import { claimNameOf, controllerOf, isHotpluggable } from '../objects.ts';
import type { Rejected } from './lifecycle-requests.ts';

export type VolumeVerb = 'addvolume' | 'removevolume';

export interface VolumeRequest {
  name?: string;
  disk?: DiskSpec;
  volumeSource?: Pick<VolumeSpec, 'dataVolume' | 'persistentVolumeClaim'>;
}

export type VolumeOutcome = Rejected | { kind: 'patch'; volumes: VolumeSpec[]; disks: DiskSpec[] };

export function changeVolumes(
  verb: VolumeVerb,
  vmi: VirtualMachineInstance,
  request: VolumeRequest,
  mode: HotplugMode,
): VolumeOutcome {
  const { namespace = '', name } = vmi.metadata;
  if (mode === 'DeclarativeHotplugVolumes' && controllerOf(vmi.metadata)?.kind === 'VirtualMachine')
    return refused(400, `VMI ${namespace}/${name} is owned by a VM`);
  if (vmi.status?.phase !== 'Running') return refused(409, 'VMI is not running');
  return verb === 'addvolume' ? added(vmi, request) : removed(vmi, request.name ?? '');
}

function added({ spec }: VirtualMachineInstance, { name = '', disk, volumeSource }: VolumeRequest): VolumeOutcome {
  if (name === '') return refused(400, 'AddVolumeOptions requires name to be set');
  if (disk === undefined) return refused(400, 'AddVolumeOptions requires disk to not be nil');
  if (volumeSource === undefined) return refused(400, 'AddVolumeOptions requires VolumeSource to not be nil');
  const volume = hotpluggable(name, volumeSource);
  const volumes = spec.volumes ?? [];
  if (volumes.some((one) => one.name === name))
    return refused(409, `Unable to add volume [${name}] because volume with that name already exists`);
  const claim = claimNameOf(volume);
  if (volumes.some((one) => claimNameOf(one) === claim))
    return refused(409, `Unable to add volume source [${claim}] because it already exists`);
  const disks = spec.domain.devices?.disks ?? [];
  return { kind: 'patch', volumes: [...volumes, volume], disks: [...disks, { ...disk, name }] };
}

function removed({ spec }: VirtualMachineInstance, name: string): VolumeOutcome {
  if (name === '') return refused(400, 'RemoveVolumeOptions requires name to be set');
  const volumes = spec.volumes ?? [];
  const found = volumes.find((one) => one.name === name || claimNameOf(one) === name);
  if (found === undefined) return refused(409, `Unable to remove volume [${name}] because it does not exist`);
  if (!isHotpluggable(found))
    return refused(409, `Unable to remove volume [${found.name}] because it is not hotpluggable`);
  const disks = spec.domain.devices?.disks ?? [];
  return {
    kind: 'patch',
    volumes: volumes.filter((one) => one !== found),
    disks: disks.filter((disk) => disk.name !== found.name),
  };
}

function hotpluggable(name: string, { dataVolume, persistentVolumeClaim }: NonNullable<VolumeRequest['volumeSource']>) {
  if (dataVolume !== undefined) return { name, dataVolume: { ...dataVolume, hotpluggable: true } };
  if (persistentVolumeClaim === undefined) return { name };
  return { name, persistentVolumeClaim: { ...persistentVolumeClaim, hotpluggable: true } };
}

function refused(status: Rejected['status'], message: string): Rejected {
  return { kind: 'refused', status, message };
}
