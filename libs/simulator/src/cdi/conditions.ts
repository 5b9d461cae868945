// The three conditions of a DataVolume, computed from its claim. Order matters: Bound, then Ready by phase, then Running, whose
// "true" turns Ready to False/TransferRunning even where the phase says otherwise (a Failed DataVolume whose pod still runs).
import type { Condition, ConditionStatus, PersistentVolumeClaim } from '../kinds.ts';
import { annotation } from './annotations.ts';

/** Why there is no claim, as the creation of the claim failed with it. */
export interface MissingClaim {
  reason: string;
  message: string;
}

type Verdict = { status: ConditionStatus; reason: string; message: string };

const no = (reason = '', message = ''): Verdict => ({ status: 'False', reason, message });

/** The conditions Ready, Bound and Running of a phase and a claim; times are kept where nothing changed. */
export function dataVolumeConditions(
  previous: readonly Condition[],
  phase: string,
  claim: PersistentVolumeClaim | undefined,
  missing: MissingClaim | undefined,
  now: string,
): Condition[] {
  const running = runningVerdict(claim?.metadata.annotations ?? {});
  const ready = running.status === 'True' ? no('TransferRunning') : readyVerdict(phase, missing);
  return [
    changed(previous, 'Ready', ready, now),
    changed(previous, 'Bound', claim === undefined ? missingVerdict(missing) : boundVerdict(claim), now),
    changed(previous, 'Running', running, now),
  ];
}

function readyVerdict(phase: string, missing: MissingClaim | undefined): Verdict {
  const { reason = '', message = '' } = missing ?? {};
  if (phase === 'Succeeded') return { status: 'True', reason, message };
  return { status: phase === 'Unknown' ? 'Unknown' : 'False', reason, message };
}

function missingVerdict(missing: MissingClaim | undefined): Verdict {
  return no(missing?.reason ?? 'NotFound', missing?.message ?? 'No PVC found');
}

function boundVerdict(claim: PersistentVolumeClaim): Verdict {
  const { name, annotations = {} } = claim.metadata;
  const refused = annotations[annotation.bound] === 'false';
  const reason = annotations[annotation.boundReason] ?? '';
  const message = annotations[annotation.boundMessage] ?? '';
  switch (claim.status?.phase ?? 'Pending') {
    case 'Bound':
      return refused ? no(reason, message) : { status: 'True', reason: 'Bound', message: `PVC ${name} Bound` };
    case 'Lost':
      return no('ClaimLost', 'Claim Lost');
    default:
      return refused ? no(reason, `target PVC ${name} Pending and ${message}`) : no('Pending', `PVC ${name} Pending`);
  }
}

function runningVerdict(annotations: Record<string, string>): Verdict {
  const reason = annotations[annotation.runningReason] ?? '';
  const message = annotations[annotation.runningMessage] ?? '';
  if (annotations[annotation.podSchedulable] === 'false') {
    return no('Unschedulable', 'Importer pod cannot be scheduled');
  }
  if (annotations[annotation.running] !== 'true') return no(reason, message);
  if (annotations[annotation.sourceRunning] === 'false') {
    return no(annotations[annotation.sourceRunningReason], annotations[annotation.sourceRunningMessage]);
  }
  return { status: 'True', reason, message };
}

// lastTransitionTime tells when the status changed, lastHeartbeatTime when anything did.
function changed(previous: readonly Condition[], type: string, verdict: Verdict, now: string): Condition {
  const before = previous.find((condition) => condition.type === type);
  const { status, reason, message } = verdict;
  const flipped = before === undefined || before.status !== status;
  const same = !flipped && (before.reason ?? '') === reason && (before.message ?? '') === message;
  return {
    type,
    status,
    lastTransitionTime: flipped ? now : (before.lastTransitionTime ?? now),
    lastHeartbeatTime: same ? (before.lastHeartbeatTime ?? now) : now,
    ...(reason === '' ? {} : { reason }),
    ...(message === '' ? {} : { message }),
  };
}
