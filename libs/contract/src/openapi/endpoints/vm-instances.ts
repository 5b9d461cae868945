/** Machines: the routes of every kind, and their power. */
import { PRODUCTION_VM } from '../examples.ts';
import type { Endpoint } from './endpoint.ts';
import { action, resourceEndpoints } from './resource-endpoints.ts';

export const VM_INSTANCE_ENDPOINTS: readonly Endpoint[] = [
  ...resourceEndpoints('VMInstance', 'vm-instances', 'virtual machine', PRODUCTION_VM),
  action(
    'VMInstance',
    'vm-instances',
    'start',
    'Start a virtual machine',
    'Writes the power field of the spec: running, or runStrategy where that is used.',
  ),
  action(
    'VMInstance',
    'vm-instances',
    'stop',
    'Stop a virtual machine',
    'Writes the power field of the spec: running, or runStrategy where that is used.',
  ),
];
