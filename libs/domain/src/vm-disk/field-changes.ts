/** What a change of each field of a VMDisk does to a disk that is there already. `validateDiskChange` refuses accordingly. */
import type { FieldChanges } from '../field-change.ts';
import type { VmDiskSpec } from './vm-disk.ts';

export const DISK_FIELD_CHANGES: FieldChanges<VmDiskSpec> = {
  source: { effect: 'refused', how: 'The data is there already. Make a new disk.' },
  optical: { effect: 'refused', how: 'A disk cannot become optical or cease to be.' },
  storage: {
    effect: 'grows',
    how: 'The volume grows while the machine runs, and the guest sees the bigger disk; its file system is for the guest to grow. A smaller size is refused.',
  },
  storageClass: {
    effect: 'refused',
    how: 'The data would have to move. Make a new disk of the other class from this one.',
  },
};
