/** Disks: the routes of every kind, and what can be done with an import. */
import { DATA_DISK } from '../examples.ts';
import type { Endpoint } from './endpoint.ts';
import { action, resourceEndpoints } from './resource-endpoints.ts';

export const VM_DISK_ENDPOINTS: readonly Endpoint[] = [
  ...resourceEndpoints('VMDisk', 'vm-disks', 'virtual disk', DATA_DISK),
  action(
    'VMDisk',
    'vm-disks',
    'cancel',
    'Cancel an import',
    'Gives up an import that is under way: the disk is Failed with the code ImportCancelled, and can be retried.',
    ['NotCancellable'],
  ),
  action('VMDisk', 'vm-disks', 'retry', 'Try a failed import again', 'A new attempt of the same spec.'),
];
