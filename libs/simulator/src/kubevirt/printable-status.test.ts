import { describe, expect, test } from 'vitest';
import type { Condition, PrintableStatus, VirtualMachine, VmiStatus } from './objects.ts';
import type { StatusFacts } from './printable-status.ts';
import { printableStatus } from './printable-status.ts';
import { sampleClaim, sampleDataVolume, sampleLookup, samplePod, sampleVm, sampleVmi } from './sample-objects.ts';
import { nextVmiStatus } from './vmi-status.ts';
import { volumesReadiness } from './volumes.ts';

const ready = sampleLookup(sampleDataVolume('Succeeded'), sampleClaim('Bound'));

function statusOf(facts: Partial<StatusFacts>): PrintableStatus {
  const defaults = { vm: sampleVm(), vmi: undefined, startExpected: false, stopExpected: false, lookup: ready };
  return printableStatus({ ...defaults, ...facts });
}

function condition(type: string, reason: string): Condition {
  return { type, status: 'False', reason };
}

const deleting = { metadata: { name: 'v', deletionTimestamp: '2026-01-01T00:00:00Z' } };
const crashing = { consecutiveFailCount: 2, lastFailedVMIUID: 'x', retryAfterTimestamp: '2026-01-01T00:00:00Z' };
const halted: VirtualMachine = sampleVm({ runStrategy: 'Halted' });
const importing = sampleLookup(sampleDataVolume('ImportInProgress'), sampleClaim('Pending'));
const failing = sampleLookup(
  sampleDataVolume('ImportInProgress', { status: 'False', reason: 'Error' }),
  sampleClaim('Pending'),
);

const rows: [string, Partial<StatusFacts>, PrintableStatus][] = [
  [
    'a VM being deleted is Terminating whatever else holds',
    { vm: { ...sampleVm(), ...deleting }, vmi: sampleVmi({ phase: 'Running' }) },
    'Terminating',
  ],
  ['a running VMI being deleted is Stopping', { vmi: sampleVmi({ phase: 'Running' }, deleting.metadata) }, 'Stopping'],
  [
    'a delete that is not seen yet is Stopping',
    { vmi: sampleVmi({ phase: 'Running' }), stopExpected: true },
    'Stopping',
  ],
  [
    'a migration under way is Migrating',
    { vmi: sampleVmi({ phase: 'Running', migrationState: { startTimestamp: 'x' } }) },
    'Migrating',
  ],
  [
    'an ended migration is Running',
    { vmi: sampleVmi({ phase: 'Running', migrationState: { startTimestamp: 'x', endTimestamp: 'y' } }) },
    'Running',
  ],
  [
    'a paused guest is Paused',
    { vmi: sampleVmi({ phase: 'Running', conditions: [{ type: 'Paused', status: 'True' }] }) },
    'Paused',
  ],
  [
    'a running guest is Running although its disk fails',
    { vmi: sampleVmi({ phase: 'Running' }), lookup: failing },
    'Running',
  ],
  [
    'a missing claim is ErrorPvcNotFound before anything about DataVolumes',
    {
      vmi: sampleVmi({ phase: 'Pending', conditions: [condition('Synchronized', 'FailedPvcNotFound')] }),
      lookup: failing,
    },
    'ErrorPvcNotFound',
  ],
  ['a failing importer is DataVolumeError', { lookup: failing }, 'DataVolumeError'],
  ['a failing importer of a halted VM is DataVolumeError too', { vm: halted, lookup: failing }, 'DataVolumeError'],
  [
    'an unschedulable pod is ErrorUnschedulable',
    { vmi: sampleVmi({ phase: 'Scheduling', conditions: [condition('PodScheduled', 'Unschedulable')] }) },
    'ErrorUnschedulable',
  ],
  ['an importing disk is Provisioning', { lookup: importing }, 'Provisioning'],
  ['an importing disk of a halted VM is Provisioning', { vm: halted, lookup: importing }, 'Provisioning'],
  [
    'an unbound claim of a VM that shall run is WaitingForVolumeBinding',
    { lookup: sampleLookup(sampleDataVolume('PendingPopulation'), sampleClaim('Pending')) },
    'WaitingForVolumeBinding',
  ],
  [
    'an unbound claim of a halted VM is Stopped',
    { vm: halted, lookup: sampleLookup(sampleDataVolume('PendingPopulation'), sampleClaim('Pending')) },
    'Stopped',
  ],
  [
    'a failed image pull is ErrImagePull',
    { vmi: sampleVmi({ phase: 'Scheduling', conditions: [condition('Synchronized', 'ErrImagePull')] }) },
    'ErrImagePull',
  ],
  [
    'a backed-off image pull is ImagePullBackOff',
    { vmi: sampleVmi({ phase: 'Scheduling', conditions: [condition('Synchronized', 'ImagePullBackOff')] }) },
    'ImagePullBackOff',
  ],
  ['a VMI that was created and not seen yet is Starting', { startExpected: true }, 'Starting'],
  ['a VMI without a phase is Starting', { vmi: sampleVmi() }, 'Starting'],
  ['a scheduled VMI is Starting', { vmi: sampleVmi({ phase: 'Scheduled' }) }, 'Starting'],
  ['a start failure is CrashLoopBackOff', { vm: sampleVm({}, { startFailure: crashing }) }, 'CrashLoopBackOff'],
  [
    'a start failure of a Manual VM is Stopped',
    { vm: sampleVm({ runStrategy: 'Manual' }, { startFailure: crashing }) },
    'Stopped',
  ],
  ['a final VMI is Stopped', { vmi: sampleVmi({ phase: 'Succeeded' }) }, 'Stopped'],
  ['nothing at all is Stopped', {}, 'Stopped'],
  ['a VMI in phase Unknown is Unknown', { vmi: sampleVmi({ phase: 'Unknown' }) }, 'Unknown'],
];

describe('printable status, first match wins', () => {
  test.each(rows)('%s', (_name, facts, expected) => {
    expect(statusOf(facts)).toBe(expected);
  });
});

/** The real controllers' answers for a VM that refers to one DataVolume: claim, phase, Running reason, Always, VMI, Halted. */
const matrix = `
none    | -                    | -              | ErrorPvcNotFound        | Pending    | Provisioning
none    | PVCBound             | -              | ErrorPvcNotFound        | Pending    | Provisioning
none    | PendingPopulation    | -              | ErrorPvcNotFound        | Pending    | Stopped
none    | WaitForFirstConsumer | -              | ErrorPvcNotFound        | Pending    | Stopped
none    | ImportInProgress     | -              | ErrorPvcNotFound        | Pending    | Provisioning
none    | UploadReady          | -              | ErrorPvcNotFound        | Pending    | Provisioning
none    | Succeeded            | -              | ErrorPvcNotFound        | Pending    | Stopped
Pending | -                    | -              | Provisioning            | Pending    | Provisioning
Pending | Pending              | -              | Provisioning            | Pending    | Provisioning
Pending | PendingPopulation    | -              | WaitingForVolumeBinding | Scheduling | Stopped
Pending | WaitForFirstConsumer | -              | WaitingForVolumeBinding | Pending    | Stopped
Pending | ImportScheduled      | -              | Provisioning            | Pending    | Provisioning
Pending | CloneInProgress      | -              | Provisioning            | Pending    | Provisioning
Pending | Paused               | -              | Provisioning            | Pending    | Provisioning
Pending | Unknown              | -              | Provisioning            | Pending    | Provisioning
Pending | Succeeded            | -              | WaitingForVolumeBinding | Scheduling | Stopped
Bound   | PendingPopulation    | -              | Starting                | Scheduling | Stopped
Bound   | WaitForFirstConsumer | -              | Starting                | Pending    | Stopped
Bound   | ImportInProgress     | -              | Provisioning            | Pending    | Provisioning
Bound   | Succeeded            | -              | Starting                | Scheduling | Stopped
Pending | ImportScheduled      | Error          | DataVolumeError         | Pending    | DataVolumeError
Pending | ImportInProgress     | ImagePullFailed | DataVolumeError        | Pending    | DataVolumeError
Pending | ImportInProgress     | Unschedulable  | Provisioning            | Pending    | Provisioning
Pending | ImportInProgress     | ErrExceededQuota | Provisioning          | Pending    | Provisioning
Pending | ImportInProgress     | Completed      | Provisioning            | Pending    | Provisioning
`
  .trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('DataVolume phase and claim decide what a VM shows', () => {
  test.each(matrix)(
    'claim %s, phase %s, Running %s: %s (VMI %s), halted %s',
    (claim, phase, reason, always, vmiPhase, haltedStatus) => {
      const running = reason === '-' ? undefined : { status: 'False' as const, reason: reason ?? '' };
      const dataVolume = sampleDataVolume(phase === '-' ? '' : (phase ?? ''), running);
      const lookup = sampleLookup(
        dataVolume,
        claim === 'none' ? undefined : sampleClaim(claim === 'Bound' ? 'Bound' : 'Pending'),
      );
      const status = settledVmi(lookup, dataVolume);
      expect(status.phase).toBe(vmiPhase);
      expect(statusOf({ vmi: sampleVmi(status), lookup })).toBe(always);
      expect(statusOf({ vm: halted, lookup })).toBe(haltedStatus);
    },
  );
});

/** A new VMI after the VMI controller's two first passes (the second with the pod that the first one made). */
function settledVmi(lookup: StatusFacts['lookup'], dataVolume: ReturnType<typeof sampleDataVolume>): VmiStatus {
  const vmi = sampleVmi();
  const readiness = volumesReadiness(vmi.spec.volumes ?? [], lookup);
  const temporary =
    readiness.kind === 'first-consumer' ? { annotations: { 'kubevirt.io/ephemeral-provisioning': 'true' } } : {};
  const hasPod = readiness.kind === 'ready' || readiness.kind === 'first-consumer';
  const pod = hasPod ? samplePod({ phase: 'Pending' }, temporary) : undefined;
  const failure =
    readiness.kind === 'missing-claim'
      ? { reason: 'FailedPvcNotFound', message: 'PVC ns/d does not exist' }
      : undefined;
  const facts = { vmi, pod, pods: pod === undefined ? [] : [pod], dataVolumes: [dataVolume], readiness, nowMs: 0 };
  return nextVmiStatus(facts, failure).status;
}
