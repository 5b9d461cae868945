/**
 * The disks that a manifest names and that a machine has. A disk that leaves a machine is gone from its spec at once and
 * from its status only when the guest and the node have let go of it: until then it is still there.
 */
import type { ObservedMachine, ObservedPlug, ObservedVirtualMachine } from '@compute/domain';
import type { TemplateVolume, VirtualMachine, VirtualMachineInstance, VolumeStatus } from '../kinds.ts';
import { diskNameOfObject } from '../manifests/object-names.ts';

const READY_PHASE = 'Ready';

interface NamedVolume {
  readonly disk: string;
  readonly hotpluggable: boolean;
  readonly volume: string;
}

export function disksOfManifest({ spec }: VirtualMachine): Pick<ObservedVirtualMachine, 'disks' | 'plugDisks'> {
  const named = (spec.template.spec.volumes ?? []).flatMap(namedVolume);
  return {
    disks: named.map(({ disk }) => disk),
    plugDisks: named.filter(({ hotpluggable }) => hotpluggable).map(({ disk }) => disk),
  };
}

export function disksOfMachine({ spec, status }: VirtualMachineInstance): Pick<ObservedMachine, 'disks' | 'plugs'> {
  const named = (spec.volumes ?? []).flatMap(namedVolume);
  const statuses = status?.volumeStatus ?? [];
  const leaving = statuses.filter(({ name }) => !named.some(({ volume }) => volume === name)).flatMap(leavingPlug);
  const staying = named
    .filter(({ hotpluggable }) => hotpluggable)
    .map(({ disk, volume }): ObservedPlug => ({ name: disk, ready: isReady(volume, statuses), leaving: false }));
  return {
    disks: [...named.map(({ disk }) => disk), ...leaving.map(({ name }) => name)],
    plugs: [...staying, ...leaving],
  };
}

function namedVolume({ name, dataVolume, persistentVolumeClaim }: TemplateVolume): NamedVolume[] {
  const disk = diskNameOfObject(dataVolume?.name ?? persistentVolumeClaim?.claimName ?? '');
  if (disk === undefined) return [];
  const hotpluggable = dataVolume?.hotpluggable ?? persistentVolumeClaim?.hotpluggable ?? false;
  return [{ disk, hotpluggable, volume: name }];
}

function leavingPlug({ hotplugVolume, persistentVolumeClaimInfo }: VolumeStatus): ObservedPlug[] {
  const disk = diskNameOfObject(persistentVolumeClaimInfo?.claimName ?? '');
  return hotplugVolume === undefined || disk === undefined ? [] : [{ name: disk, ready: false, leaving: true }];
}

function isReady(volume: string, statuses: readonly VolumeStatus[]): boolean {
  return statuses.some(({ name, phase }) => name === volume && phase === READY_PHASE);
}
