import { expect, test } from 'vitest';
import { conditionOf } from './conditions.ts';
import type { Pod, VmiStatus } from './objects.ts';
import { sampleDataVolume, samplePod, sampleVmi } from './sample-objects.ts';
import type { VmiFacts } from './vmi-status.ts';
import { decidePod, nextVmiStatus, readinessFailure } from './vmi-status.ts';

const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const compute = { name: 'compute', image: 'i', ready: false, restartCount: 0 };
const readyPod: Pod['status'] = {
  phase: 'Running',
  podIP: '10.1.0.5',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [{ ...compute, ready: true, state: { running: {} } }],
};

function facts(status: VmiStatus, pod?: Pod, more: Partial<VmiFacts> = {}): VmiFacts {
  const pods = pod === undefined ? [] : [pod];
  return { vmi: sampleVmi(status), pod, pods, dataVolumes: [], readiness: { kind: 'ready' }, nowMs: 0, ...more };
}

test('a pod is created once, when every volume is ready', () => {
  expect(decidePod(facts({}))).toBe('create');
  expect(decidePod(facts({ phase: 'Pending' }, undefined, { readiness: { kind: 'waiting' } }))).toBe('none');
  expect(decidePod(facts({ phase: 'Pending' }, undefined, { readiness: { kind: 'first-consumer' } }))).toBe(
    'create-temporary',
  );
  expect(decidePod(facts({ phase: 'Scheduling' }))).toBe('none');
});

test('a temporary pod goes as soon as its claim has a node', () => {
  const temporary = samplePod({ phase: 'Running' }, { annotations: { 'kubevirt.io/ephemeral-provisioning': 'true' } });
  expect(decidePod(facts({ phase: 'Pending' }, temporary, { readiness: { kind: 'first-consumer' } }))).toBe('none');
  expect(decidePod(facts({ phase: 'Pending' }, temporary, { readiness: { kind: 'waiting' } }))).toBe(
    'delete-temporary',
  );
});

test('deleting a VMI deletes its pods, in any phase', () => {
  const vmi = sampleVmi({ phase: 'Running' }, going);
  expect(decidePod(facts({}, samplePod(), { vmi }))).toBe('delete-all');
});

test('the way to Scheduled: Pending, Scheduling, Scheduled with node and times', () => {
  expect(nextVmiStatus(facts({}, undefined, { readiness: { kind: 'waiting' } }), undefined).status.phase).toBe(
    'Pending',
  );
  const scheduling = nextVmiStatus(facts({ phase: 'Pending' }, samplePod()), undefined);
  expect(scheduling.status.phase).toBe('Scheduling');
  const pod = { ...samplePod(readyPod), spec: { nodeName: 'node1', containers: [{ name: 'compute', image: 'i' }] } };
  const scheduled = nextVmiStatus(facts(scheduling.status, pod), undefined);
  expect(scheduled).toMatchObject({ nodeName: 'node1', status: { phase: 'Scheduled', nodeName: 'node1' } });
  expect(scheduled.status.phaseTransitionTimestamps?.map(({ phase }) => phase)).toEqual(['Scheduling', 'Scheduled']);
});

test('a pod that fails before Running fails the VMI', () => {
  const { status } = nextVmiStatus(facts({ phase: 'Scheduling' }, samplePod({ phase: 'Failed' })), undefined);
  expect(status.phase).toBe('Failed');
  expect(conditionOf(status.conditions, 'Ready')?.reason).toBe('PodTerminating');
});

test('a running VMI whose pod vanished has failed', () => {
  const { status, ownsPhase } = nextVmiStatus(facts({ phase: 'Running' }), undefined);
  expect(status.phase).toBe('Failed');
  expect(ownsPhase).toBe(false);
});

test('a running VMI is as ready as its pod', () => {
  const { status } = nextVmiStatus(facts({ phase: 'Running' }, samplePod(readyPod)), undefined);
  expect(conditionOf(status.conditions, 'Ready')?.status).toBe('True');
});

test('an unschedulable pod and a pull failure show on the VMI and go again', () => {
  const conditions = [
    { type: 'PodScheduled', status: 'False' as const, reason: 'Unschedulable', message: '0/3 nodes' },
  ];
  const stuck = nextVmiStatus(facts({ phase: 'Scheduling' }, samplePod({ phase: 'Pending', conditions })), undefined);
  expect(conditionOf(stuck.status.conditions, 'PodScheduled')?.message).toBe('0/3 nodes');
  const waiting = { reason: 'ErrImagePull', message: 'failed to pull' };
  const pulling = samplePod({ phase: 'Pending', containerStatuses: [{ ...compute, state: { waiting } }] });
  const failed = nextVmiStatus(facts(stuck.status, pulling), undefined);
  expect(conditionOf(failed.status.conditions, 'PodScheduled')).toBeUndefined();
  expect(conditionOf(failed.status.conditions, 'Synchronized')).toMatchObject({
    reason: 'ErrImagePull',
    message: 'failed to pull',
  });
  const healed = nextVmiStatus(facts(failed.status, samplePod()), undefined);
  expect(conditionOf(healed.status.conditions, 'Synchronized')).toBeUndefined();
});

test('a missing claim is said three times: Synchronized, PodScheduled and the text', () => {
  const missing = facts({}, undefined, { readiness: { kind: 'missing-claim', claimName: 'nope' } });
  const failure = readinessFailure(missing);
  expect(failure?.message).toBe('PVC ns/nope does not exist, waiting for it to appear');
  const { status } = nextVmiStatus(missing, failure);
  expect(conditionOf(status.conditions, 'Synchronized')?.reason).toBe('FailedPvcNotFound');
  expect(conditionOf(status.conditions, 'PodScheduled')?.reason).toBe('Unschedulable');
});

test('a Failed DataVolume fails the VMI before it has a pod', () => {
  const waiting = { readiness: { kind: 'waiting' as const }, dataVolumes: [sampleDataVolume('Failed')] };
  expect(nextVmiStatus(facts({}, undefined, waiting), undefined).status.phase).toBe('Failed');
});

test('a final VMI may go when its last pod is gone', () => {
  expect(nextVmiStatus(facts({ phase: 'Succeeded' }, samplePod(readyPod, going)), undefined).releasable).toBe(false);
  expect(nextVmiStatus(facts({ phase: 'Succeeded' }), undefined).releasable).toBe(true);
});

test('looking again changes nothing', () => {
  const first = nextVmiStatus(facts({}, samplePod()), undefined).status;
  expect(nextVmiStatus(facts(first, samplePod()), undefined).status).toEqual(first);
});
