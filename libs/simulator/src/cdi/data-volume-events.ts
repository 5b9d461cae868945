// The events a change of a DataVolume's status is told with: the new phase, a new bound message, a new failure.
import type { Condition, DataVolume, DataVolumeSource, DataVolumeStatus } from '../kinds.ts';
import type { CdiContext } from './cdi-context.ts';
import { cloneSourceOf } from './clone-source.ts';

export interface StatusEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

export function statusEvents(
  dataVolume: DataVolume,
  source: DataVolumeSource,
  previous: DataVolumeStatus,
  next: DataVolumeStatus,
  context: CdiContext,
): StatusEvent[] {
  const told: StatusEvent[] = [];
  if (previous.phase !== next.phase) {
    const phase = source.pvc === undefined ? importEvent(dataVolume, next) : cloneEvent(dataVolume, next, context);
    if (phase !== undefined) told.push(phase);
  }
  return [...told, ...boundEvent(previous, next), ...failureEvent(previous, next)];
}

function importEvent(dataVolume: DataVolume, { phase }: DataVolumeStatus): StatusEvent | undefined {
  const { name } = dataVolume.metadata;
  switch (phase) {
    case 'ImportScheduled':
      return { type: 'Normal', reason: phase, message: `Import into ${name} scheduled` };
    case 'ImportInProgress':
      return { type: 'Normal', reason: phase, message: `Import into ${name} in progress` };
    case 'Succeeded':
      return { type: 'Normal', reason: 'ImportSucceeded', message: `Successfully imported into PVC ${name}` };
    case 'Failed':
      return { type: 'Warning', reason: 'ImportFailed', message: `Failed to import into PVC ${name}` };
    default:
      return undefined;
  }
}

function cloneEvent(dataVolume: DataVolume, { phase }: DataVolumeStatus, context: CdiContext): StatusEvent | undefined {
  const source = cloneSourceOf(dataVolume, context);
  const { namespace, name } = dataVolume.metadata;
  const way = `from ${source?.namespace}/${source?.name} into ${namespace}/${name}`;
  switch (phase) {
    case 'CloneScheduled':
      return { type: 'Normal', reason: phase, message: `Cloning ${way} scheduled` };
    case 'CloneInProgress':
      return { type: 'Normal', reason: phase, message: `Cloning ${way} in progress` };
    case 'Succeeded':
      return { type: 'Normal', reason: 'CloneSucceeded', message: `Successfully cloned ${way}` };
    default:
      return undefined;
  }
}

function boundEvent(previous: DataVolumeStatus, next: DataVolumeStatus): StatusEvent[] {
  const before = condition(previous, 'Bound');
  const after = condition(next, 'Bound');
  if (after === undefined || (before?.reason === after.reason && before?.message === after.message)) return [];
  return [{ type: 'Normal', reason: after.reason ?? '', message: after.message ?? '' }];
}

function failureEvent(previous: DataVolumeStatus, next: DataVolumeStatus): StatusEvent[] {
  const running = condition(next, 'Running');
  const ready = condition(next, 'Ready');
  if (ready?.status !== 'False' || running?.status !== 'False' || running.message === undefined) return [];
  if (running.reason === 'Scratch space required' || running.message === condition(previous, 'Running')?.message)
    return [];
  return [{ type: 'Warning', reason: running.reason ?? '', message: running.message }];
}

function condition(status: DataVolumeStatus, type: string): Condition | undefined {
  return status.conditions?.find((candidate) => candidate.type === type);
}
