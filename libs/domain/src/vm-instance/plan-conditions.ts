/** Conditions of a machine that several rules share. */
import type { ConditionReport } from '../resource.ts';
import type { DiskState, ObservedDiskOfVm, VmObserved } from './observed.ts';
import type { VmConditionType } from './vm-instance.ts';

export function vmCondition(
  type: VmConditionType,
  status: 'True' | 'False',
  reason: string,
  message: string,
): ConditionReport<VmConditionType> {
  return { type, status, reason, message };
}

/** Nothing of our own tells when another machine lets go of a disk, so that is looked for. */
export function waitsForOtherMachine({ disks }: VmObserved): boolean {
  return disks.some((disk) => disk.state === 'inUse');
}

export function disksReady({ disks }: VmObserved): boolean {
  return disks.every((disk) => disk.state === 'ready');
}

/**
 * Whether a machine that is up may have a new manifest although another machine still has one of its disks: the manifest
 * leaves that one out until it is free, so that two machines which swap disks do not wait for each other for ever. The
 * disk that it boots from is never left out.
 */
export function mayLeaveOutDisks({ disks, machine }: VmObserved): boolean {
  if (!machine || machine.deleting || disks[0]?.state !== 'ready') return false;
  return disks.every(({ state }) => state === 'ready' || state === 'inUse');
}

/** What is worst comes first: it is what the user must see to. */
const WAITING_FOR: readonly { state: DiskState; reason: string; words: (disk: ObservedDiskOfVm) => string }[] = [
  { state: 'missing', reason: 'DiskNotFound', words: () => 'does not exist' },
  { state: 'failed', reason: 'DiskFailed', words: () => 'has failed' },
  { state: 'deleting', reason: 'DiskDeleting', words: () => 'is being deleted' },
  { state: 'pending', reason: 'DiskNotReady', words: () => 'is not ready yet' },
  { state: 'inUse', reason: 'DiskInUse', words: ({ heldBy = [] }) => `is still held by ${heldBy.join(', ')}` },
];

export function disksCondition({ disks }: VmObserved): ConditionReport<VmConditionType> {
  for (const { state, reason, words } of WAITING_FOR) {
    const waiting = disks.filter((disk) => disk.state === state);
    const sentences = waiting.map((disk) => `Disk '${disk.name}' ${words(disk)}.`);
    if (waiting.length > 0) return vmCondition('DisksReady', 'False', reason, sentences.join(' '));
  }
  return vmCondition(
    'DisksReady',
    'True',
    'Ready',
    disks.length === 0 ? 'The machine has no disks.' : 'All disks are ready.',
  );
}
