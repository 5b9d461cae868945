/**
 * The disks and volumes of a machine. Two parallel lists whose names must match one to one, in boot order.
 * KubeVirt refuses a CD-ROM on virtio, so an optical disk goes to sata unless a bus is named that can carry one.
 */
import { type DiskEntry, diskName } from '@compute/domain';
import type { TemplateDisk, TemplateVolume } from '../kinds.ts';
import { diskObjectName } from './object-names.ts';

export interface MachineDisks {
  readonly disks: TemplateDisk[];
  readonly volumes: TemplateVolume[];
}

const CDROM_BUS = 'sata';

/** `cloudInitSecret`: name of the Secret with the user data, when there is any. */
export function machineDisks(
  entries: readonly DiskEntry[],
  optical: ReadonlySet<string>,
  cloudInitSecret: string | undefined,
): MachineDisks {
  const disks = entries.map((entry, index) => templateDisk(entry, index + 1, optical.has(diskName(entry))));
  const volumes: TemplateVolume[] = entries.map((entry) => ({
    name: volumeName(diskName(entry)),
    dataVolume: { name: diskObjectName(diskName(entry)) },
  }));
  if (cloudInitSecret === undefined) return { disks, volumes };
  return {
    disks: [...disks, { name: 'cloudinitdisk', disk: {} }],
    volumes: [...volumes, { name: 'cloudinitdisk', cloudInitNoCloud: { secretRef: { name: cloudInitSecret } } }],
  };
}

function templateDisk(entry: DiskEntry, bootOrder: number, isOptical: boolean): TemplateDisk {
  const name = volumeName(diskName(entry));
  const bus = typeof entry === 'string' ? undefined : entry.bus;
  if (!isOptical) return { name, bootOrder, disk: bus === undefined ? {} : { bus } };
  return { name, bootOrder, cdrom: { bus: bus === undefined || bus === 'virtio' ? CDROM_BUS : bus } };
}

const volumeName = (name: string): string => `disk-${name}`;
