/** Which changes of a VMI's volumes and disks virt-api lets through, with its words for each refusal. */
import type { DiskSpec, VirtualMachineInstance, VolumeSpec } from '../objects.ts';
import { isHotpluggable } from '../objects.ts';
import { sameJson } from '../same-json.ts';
import type { Cause } from './cause.ts';
import { invalid } from './cause.ts';

const DISK_BUSES: readonly string[] = ['scsi', 'virtio'];

export function hotplugCauses(before: VirtualMachineInstance, after: VirtualMachineInstance): Cause[] {
  const [old, now] = [before.spec.volumes ?? [], after.spec.volumes ?? []];
  const oldDisks = before.spec.domain.devices?.disks ?? [];
  const disks = after.spec.domain.devices?.disks ?? [];
  if (sameJson(old, now) && sameJson(oldDisks, disks)) return [];
  if (disks.length !== now.length)
    return [invalid('', `mismatch between volumes declared (${now.length}) and required (${disks.length})`)];
  const lasting = now.filter((volume) => !isHotpluggable(volume));
  if (!sameJson(sorted(lasting), sorted(old.filter((volume) => !isHotpluggable(volume)))))
    return [invalid('', 'Number of permanent volumes has changed')];
  return now.filter(isHotpluggable).flatMap((volume) => {
    const earlier = old.find(({ name }) => name === volume.name);
    if (earlier !== undefined)
      return sameJson(earlier, volume) ? [] : [invalid('', `hotplug volume ${volume.name}, changed`)];
    return newDiskCauses(
      volume.name,
      disks.find(({ name }) => name === volume.name),
    );
  });
}

function newDiskCauses(name: string, disk: DiskSpec | undefined): Cause[] {
  const prefix = 'Hotplug configuration';
  if (disk === undefined) return [invalid('', `disk ${name} does not exist`)];
  if (disk.disk === undefined && disk.lun === undefined)
    return [invalid('', `${prefix} for [${name}] requires diskDevice of type 'disk' or 'lun' to be used.`)];
  const bus = (disk.disk ?? disk.lun)?.bus ?? '';
  if (disk.disk !== undefined && !DISK_BUSES.includes(bus)) {
    const message = `${prefix} for disk [${name}] requires bus to be 'scsi' or 'virtio'. [${bus}] is not permitted.`;
    return [invalid('', message)];
  }
  return [];
}

function sorted(volumes: readonly VolumeSpec[]): VolumeSpec[] {
  return volumes.toSorted((a, b) => a.name.localeCompare(b.name));
}
