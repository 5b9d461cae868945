/**
 * The disks and volumes of a machine. Two parallel lists whose names must match one to one, in boot order.
 * KubeVirt refuses a CD-ROM on virtio, so an optical disk goes to sata unless a bus is named that can carry one.
 */
import { type DiskEntry, diskName, PLUG_BUS } from '@compute/domain';
import type { TemplateDisk, TemplateVolume } from '../kinds.ts';
import { diskObjectName } from './object-names.ts';

export interface MachineDisks {
  readonly disks: TemplateDisk[];
  readonly volumes: TemplateVolume[];
}

const CDROM_BUS = 'sata';

export interface DiskTraits {
  readonly optical: ReadonlySet<string>;
  /** Those that may come and go while the machine runs. They stand at the end of the list. */
  readonly plugged: ReadonlySet<string>;
}

/** `cloudInitSecret`: name of the Secret with the user data, when there is any. */
export function machineDisks(
  entries: readonly DiskEntry[],
  { optical, plugged }: DiskTraits,
  cloudInitSecret: string | undefined,
): MachineDisks {
  const disks = entries.map((entry, index) => {
    const name = diskName(entry);
    return plugged.has(name) ? pluggedDisk(entry) : templateDisk(entry, index + 1, optical.has(name));
  });
  const volumes = entries.map((entry) => templateVolume(diskName(entry), plugged));
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

/** Nobody boots from it, and KubeVirt fills in no bus of a disk that comes while the machine runs. */
function pluggedDisk(entry: DiskEntry): TemplateDisk {
  const bus = typeof entry === 'string' ? undefined : entry.bus;
  return { name: volumeName(diskName(entry)), disk: { bus: bus ?? PLUG_BUS } };
}

function templateVolume(name: string, plugged: ReadonlySet<string>): TemplateVolume {
  const source = { name: diskObjectName(name), ...(plugged.has(name) ? { hotpluggable: true } : {}) };
  return { name: volumeName(name), dataVolume: source };
}

/** The name of a disk's volume and device in the machine. */
export const volumeName = (name: string): string => `disk-${name}`;
