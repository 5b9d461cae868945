/** What an edit does not change at once: told in the answer, and in the answer of its rehearsal. */
import type { AnyDesired } from '@compute/contract';
import { type AnyResource, diskName, restartWarnings, type VmInstance, type Warning } from '@compute/domain';
import type { Store } from '@compute/store';

type Disks = Pick<Store, 'get'>;

/** One warning for each field that a machine which is up takes over only when it is started anew. */
export async function changeWarnings(store: Disks, before: AnyResource, after: AnyDesired): Promise<Warning[]> {
  if (before.kind !== 'VMInstance' || after.kind !== 'VMInstance') return [];
  const optical = await opticalDisks(store, before, after.spec.disks.map(diskName));
  return restartWarnings(before, after.spec, (disk) => optical.has(disk));
}

/** Of the disks that are new to the machine: what it has already is not asked again. */
async function opticalDisks(
  store: Disks,
  { project, spec }: VmInstance,
  names: readonly string[],
): Promise<Set<string>> {
  const known = new Set(spec.disks.map(diskName));
  const added = names.filter((name) => !known.has(name));
  const rows = await Promise.all(added.map((name) => store.get('VMDisk', project, name)));
  return new Set(rows.flatMap((disk) => (disk?.spec.optical ? [disk.name] : [])));
}
