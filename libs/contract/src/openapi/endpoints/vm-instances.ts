/** Machines: the routes of every kind, and their power. */
import { PRODUCTION_VM } from '../examples.ts';
import type { Endpoint } from './endpoint.ts';
import { action, resourceEndpoints } from './resource-endpoints.ts';

const POWER_FIELD = 'Writes the power field of the spec: running, or runStrategy where that is used.';

function power(verb: string, summary: string, description: string): Endpoint {
  return action('VMInstance', 'vm-instances', verb, summary, description);
}

function withOptions(endpoint: Endpoint, example: object): Endpoint {
  return { ...endpoint, body: { schema: 'PowerOptions', example, optional: true } };
}

function refusable(endpoint: Endpoint): Endpoint {
  return { ...endpoint, faults: [...(endpoint.faults ?? []), 'WrongPowerState'] };
}

export const VM_INSTANCE_ENDPOINTS: readonly Endpoint[] = [
  ...resourceEndpoints('VMInstance', 'vm-instances', 'virtual machine', PRODUCTION_VM),
  power('start', 'Start a virtual machine', `${POWER_FIELD} A machine that is paused runs on.`),
  withOptions(
    power(
      'stop',
      'Stop a virtual machine',
      `${POWER_FIELD} The guest is asked to shut down and has 30 s for it, or less where that is asked for.`,
    ),
    { gracePeriodSeconds: 20 },
  ),
  withOptions(
    refusable(
      power(
        'restart',
        'Restart a virtual machine',
        'The machine is replaced by a new incarnation, which takes over what waits for a restart. Asked for again before that has begun, it happens once.',
      ),
    ),
    { force: true },
  ),
  refusable(
    power(
      'pause',
      'Pause a virtual machine',
      'The guest stands still and keeps its memory until it is unpaused, started, stopped or restarted.',
    ),
  ),
  power('unpause', 'Let a paused virtual machine run on', 'Changes nothing of a machine that is not paused.'),
];
