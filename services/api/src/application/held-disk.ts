/**
 * A machine may still have a disk that its spec has given up: it lets go of what it had at boot when it is started anew.
 * Such a disk is not deleted under it.
 */
import { type AnyResource, Fault, type VmPhase } from '@compute/domain';
import type { Store } from '@compute/store';

/** Phases in which there is a machine that has its disks. One that is off takes up what its spec says now. */
const UP: ReadonlySet<VmPhase> = new Set(['Starting', 'Running', 'Paused', 'Migrating', 'Stopping']);

/** Throws `DiskInUse`, naming the machine. A machine that is being deleted lets go of the disk by itself. */
export async function refuseHeldDisk(store: Pick<Store, 'get'>, disk: AnyResource): Promise<void> {
  if (disk.kind !== 'VMDisk' || disk.deletionRequestedAt) return;
  const { attachedTo } = disk.status;
  const machines = await Promise.all(attachedTo.map((name) => store.get('VMInstance', disk.project, name)));
  const holder = machines.find((machine) => machine && !machine.deletionRequestedAt && UP.has(machine.phase));
  if (!holder) return;
  const isNamed = holder.spec.disks.some((entry) => (typeof entry === 'string' ? entry : entry.name) === disk.name);
  const until = isNamed ? '' : ', until that has detached it or is started anew';
  const resource = { kind: 'VMInstance', name: holder.name };
  throw new Fault('DiskInUse', `Disk '${disk.name}' is attached to VMInstance '${holder.name}'${until}.`, { resource });
}
