/**
 * Which disks of a machine may come and go while it runs.
 *
 * KubeVirt plugs disks on virtio and scsi only, and never CD-ROMs. A disk that is plugged is not booted from, so only
 * disks at the end of the list qualify: anything before one that is there at boot would change the boot order.
 */
import { type DiskBus, type DiskEntry, diskName } from './vm-instance.ts';

const PLUGGABLE_BUSES: ReadonlySet<DiskBus> = new Set(['virtio', 'scsi']);

/** The bus of a plugged disk that names none. Every machine has a scsi controller; places on virtio are few. */
export const PLUG_BUS: DiskBus = 'scsi';

export interface PluggingFacts {
  readonly isOptical: (disk: string) => boolean;
  /** Whether the machine runs without it, or has it as one that was plugged. */
  readonly mayPlug: (disk: string) => boolean;
}

/** Names of the disks that are attached and detached while the machine runs; all others are there at boot. */
export function pluggedDisks(entries: readonly DiskEntry[], facts: PluggingFacts): ReadonlySet<string> {
  const plugged = new Set<string>();
  for (const entry of entries.toReversed()) {
    const name = diskName(entry);
    if (!hasPluggableBus(entry) || facts.isOptical(name) || !facts.mayPlug(name)) break;
    plugged.add(name);
  }
  return plugged;
}

/** The disks that are there at boot, in boot order, each as `name` or `name:bus`. */
export function bootDisks(entries: readonly DiskEntry[], plugged: ReadonlySet<string>): string[] {
  return entries.filter((entry) => !plugged.has(diskName(entry))).map(diskText);
}

function diskText(entry: DiskEntry): string {
  const bus = busOf(entry);
  return bus === undefined ? diskName(entry) : `${diskName(entry)}:${bus}`;
}

function hasPluggableBus(entry: DiskEntry): boolean {
  const bus = busOf(entry);
  return bus === undefined || PLUGGABLE_BUSES.has(bus);
}

function busOf(entry: DiskEntry): DiskBus | undefined {
  return typeof entry === 'string' ? undefined : entry.bus;
}
