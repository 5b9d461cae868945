/**
 * Declarative hot-plug: what the VM's template says of hotpluggable volumes, written into the VMI that runs. Pure.
 *
 * A volume that leaves is not put in again before its status is gone. A volume that was there at boot is never touched.
 */
import type { DiskSpec, VirtualMachine, VirtualMachineInstance, VolumeSpec } from './objects.ts';
import { isHotpluggable } from './objects.ts';
import { sameJson } from './same-json.ts';

export interface PluggedSpec {
  volumes: VolumeSpec[];
  disks: DiskSpec[];
}

/** Undefined when the VMI is as it should be, or does not run. */
export function declaredVolumes(vm: VirtualMachine, vmi: VirtualMachineInstance): PluggedSpec | undefined {
  if (vmi.status?.phase !== 'Running' || vmi.metadata.deletionTimestamp !== undefined) return undefined;
  const template = vm.spec.template.spec;
  const wanted = template.volumes ?? [];
  const before = { volumes: vmi.spec.volumes ?? [], disks: vmi.spec.domain.devices?.disks ?? [] };
  const staying = before.volumes.filter((volume) => mayStay(volume, wanted));
  const known = new Set([...before.volumes, ...(vmi.status.volumeStatus ?? [])].map(({ name }) => name));
  const coming = wanted.filter((volume) => isHotpluggable(volume) && !known.has(volume.name));
  const volumes = [...staying, ...coming];
  const names = new Set(volumes.map(({ name }) => name));
  const had = new Set(before.disks.map(({ name }) => name));
  const came = new Set(coming.map(({ name }) => name));
  const disks = [
    ...before.disks.filter(({ name }) => names.has(name)),
    ...(template.domain.devices?.disks ?? []).filter(({ name }) => came.has(name) && !had.has(name)),
  ];
  return sameJson({ volumes, disks }, before) ? undefined : { volumes, disks };
}

function mayStay(volume: VolumeSpec, wanted: readonly VolumeSpec[]): boolean {
  if (!isHotpluggable(volume)) return true;
  const now = wanted.find(({ name }) => name === volume.name);
  return now !== undefined && (!isHotpluggable(now) || sameJson(now, volume));
}
