// What a DataVolume's status says next, as a pure function of its claim (and of the prime claim behind it).
// Things that look like mistakes and are CDI's way: a failing import stays ImportInProgress for ever; an evicted importer puts it
// back to ImportScheduled; with populators nothing is Bound before all is done; Succeeded is left only when the claim was made anew
// and its import has come so far that there is something to say of it.
import type { DataVolumeStatus, PersistentVolumeClaim } from '../kinds.ts';
import { annotation } from './annotations.ts';
import { dataVolumeConditions, type MissingClaim } from './conditions.ts';

export interface StatusInputs {
  previous: DataVolumeStatus;
  claim: PersistentVolumeClaim | undefined;
  /** The claim that is really filled; the claim itself where no populator is used. */
  filled: PersistentVolumeClaim | undefined;
  work: 'import' | 'clone';
  /** The claim's class binds only when a pod uses the claim. */
  waitsForConsumer: boolean;
  /** The claim was there before and is taken as it is. */
  adopted: boolean;
  /** Why no claim could be made, and the phase that goes with it. */
  missing?: MissingClaim & { phase: string };
  /** Progress read from the transfer pod, where no populator reports it. */
  progress?: string;
  now: string;
}

/** The next status; undefined fields are left out, so that it can be compared and written as it is. */
export function nextStatus(inputs: StatusInputs): DataVolumeStatus {
  const { previous, claim, missing, now } = inputs;
  const phase = nextPhase(inputs);
  const restarts = restartCount(inputs);
  const progress = nextProgress(inputs, phase);
  return {
    ...previous,
    ...(phase === '' ? {} : { phase }),
    ...(progress === undefined ? {} : { progress }),
    ...(claim === undefined ? {} : { claimName: claim.metadata.name }),
    ...(restarts === undefined ? {} : { restartCount: restarts }),
    conditions: dataVolumeConditions(previous.conditions ?? [], phase, claim, missing, now),
  };
}

function nextPhase(inputs: StatusInputs): string {
  const { claim, missing, adopted } = inputs;
  const current = inputs.previous.phase ?? '';
  if (current === 'Succeeded') return phaseAfterSuccess(inputs);
  if (missing !== undefined) return missing.phase;
  if (claim === undefined) return current === '' ? 'Pending' : current;
  if (adopted) return adoptedPhase(claim, current);
  if (podPhaseOf(claim) === 'Succeeded' && claim.metadata.annotations?.[annotation.fatalError] !== 'true') {
    return inputs.work === 'import' || claim.status?.phase === 'Bound' ? 'Succeeded' : transferPhase(inputs, current);
  }
  switch (claim.status?.phase ?? 'Pending') {
    case 'Lost':
      return 'Failed';
    case 'Bound':
      return transferPhase(inputs, boundPhase(current));
    default:
      return pendingPhase(inputs, current);
  }
}

// A new claim in the place of one that was deleted is filled from the beginning.
function phaseAfterSuccess(inputs: StatusInputs): string {
  const { claim, work, adopted, missing } = inputs;
  const populated = claim?.metadata.annotations?.[annotation.usePopulator] === 'true';
  const isAnew = populated && claim.status?.phase === 'Pending' && podPhaseOf(claim) !== 'Succeeded';
  return isAnew && work === 'import' && !adopted && missing === undefined
    ? importPhase(inputs, 'Succeeded')
    : 'Succeeded';
}

function adoptedPhase(claim: PersistentVolumeClaim, current: string): string {
  if (claim.status?.phase === 'Lost') return 'Failed';
  return claim.status?.phase === 'Bound' || current !== '' ? 'Succeeded' : current;
}

function boundPhase(current: string): string {
  return ['Pending', 'WaitForFirstConsumer', 'Unknown'].includes(current) ? 'PVCBound' : current;
}

function pendingPhase(inputs: StatusInputs, current: string): string {
  const annotations = inputs.claim?.metadata.annotations ?? {};
  if (annotations[annotation.usePopulator] === 'true') {
    const immediate = annotation.immediateBinding in annotations;
    const unplaced = annotations[annotation.selectedNode] === undefined && !immediate;
    return inputs.waitsForConsumer && unplaced ? 'PendingPopulation' : transferPhase(inputs, current);
  }
  return inputs.waitsForConsumer ? 'WaitForFirstConsumer' : 'Pending';
}

function transferPhase(inputs: StatusInputs, current: string): string {
  return inputs.work === 'import' ? importPhase(inputs, current) : clonePhase(inputs);
}

// Nothing is said about the pod before the claim it fills is bound and knows its pod: phases jump from "" to ImportScheduled.
function importPhase(inputs: StatusInputs, current: string): string {
  const { claim, filled } = inputs;
  if (claim?.metadata.annotations?.[annotation.fatalError] === 'true') return 'Failed';
  const known = filled?.metadata.annotations?.[annotation.importPod] !== undefined;
  const lost = filled?.status?.phase === 'Lost';
  if (!known || lost || filled?.status?.phase !== 'Bound') return current;
  return podPhaseOf(claim) === 'Running' ? 'ImportInProgress' : 'ImportScheduled';
}

function clonePhase(inputs: StatusInputs): string {
  const step = inputs.claim?.metadata.annotations?.[annotation.clonePhase];
  if (step === 'HostClone') return 'CloneInProgress';
  return step === 'Succeeded' ? 'Succeeded' : 'CloneScheduled';
}

function podPhaseOf(claim: PersistentVolumeClaim | undefined): string | undefined {
  return claim?.metadata.annotations?.[annotation.podPhase];
}

function restartCount({ previous, claim }: StatusInputs): number | undefined {
  const count = Number(claim?.metadata.annotations?.[annotation.podRestarts]);
  return Number.isInteger(count) && count > 0 ? count : previous.restartCount;
}

function nextProgress(inputs: StatusInputs, phase: string): string | undefined {
  const { previous, claim } = inputs;
  if (claim === undefined) return previous.progress;
  const annotations = claim.metadata.annotations ?? {};
  if (annotations[annotation.usePopulator] === 'true') return annotations[annotation.populatorProgress] ?? 'N/A';
  if (phase === 'Succeeded') return '100.0%';
  return inputs.progress ?? previous.progress ?? 'N/A';
}
