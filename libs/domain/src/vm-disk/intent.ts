/**
 * The durable wish beside a disk's spec: that its import be given up. It carries the generation that asked for it, so a
 * retry or a new spec, which are generations of their own, take it back without a word.
 */
import { Fault } from '../fault.ts';
import type { VmDisk } from './vm-disk.ts';

/** Written by the verb `want` alone; not shown to users. */
export interface DiskIntent {
  readonly cancelled?: { readonly asked: number };
}

/** Whether the present generation asks for the import to be given up. */
export function isCancelled({ intent, generation }: Pick<VmDisk, 'intent' | 'generation'>): boolean {
  return intent?.cancelled?.asked === generation;
}

/**
 * The intent after a cancellation was asked for; the present one when it was asked for already. Throws
 * `NotCancellable` when nothing is being imported.
 */
export function diskIntentAfter(disk: VmDisk): DiskIntent {
  if (disk.intent && isCancelled(disk) && (isImporting(disk) || disk.phase === 'Failed')) return disk.intent;
  if (isImporting(disk)) return { cancelled: { asked: disk.generation + 1 } };
  const why =
    disk.phase === 'Failed' ? 'has failed already' : disk.phase === 'Deleting' ? 'ends with the disk' : 'is over';
  throw new Fault('NotCancellable', `The import of VMDisk '${disk.name}' ${why}.`, {
    resource: { kind: 'VMDisk', name: disk.name },
  });
}

function isImporting({ phase, status }: VmDisk): boolean {
  return (phase === 'Pending' || phase === 'Importing') && status.import?.phase !== 'Done';
}
