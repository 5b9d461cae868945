import { expect, test } from 'vitest';
import { conditionOf } from './conditions.ts';
import type { VmStatus } from './objects.ts';
import { sampleClaim, sampleDataVolume, sampleLookup, sampleVm, sampleVmi } from './sample-objects.ts';
import type { VmStatusInput } from './vm-status.ts';
import { nextVmStatus } from './vm-status.ts';

const base: VmStatusInput = {
  vm: sampleVm(),
  vmi: undefined,
  startExpected: false,
  stopExpected: false,
  failure: undefined,
  lookup: sampleLookup(sampleDataVolume('Succeeded'), sampleClaim('Bound')),
  restartRequired: undefined,
  nowMs: 0,
  timeScale: 1,
  random: () => 0,
};

test('a VM without a VMI has neither created nor ready, and says that the VMI does not exist', () => {
  const status = nextVmStatus(base);
  expect(status).not.toHaveProperty('created');
  expect(status).not.toHaveProperty('ready');
  expect(status).not.toHaveProperty('runStrategy');
  expect(conditionOf(status.conditions, 'Ready')).toMatchObject({ status: 'False', reason: 'VMINotExists' });
});

test('a VMI without conditions is created and its Ready condition is missing', () => {
  const status = nextVmStatus({ ...base, vmi: sampleVmi() });
  expect(status).toMatchObject({ created: true, runStrategy: 'Always', observedGeneration: 1, desiredGeneration: 1 });
  expect(conditionOf(status.conditions, 'Ready')).toMatchObject({ reason: 'VMIConditionMissing' });
});

test('a running VMI makes the VM ready and lends it its conditions', () => {
  const conditions = [
    { type: 'Ready', status: 'True' as const },
    { type: 'AgentConnected', status: 'True' as const },
  ];
  const status = nextVmStatus({ ...base, vmi: sampleVmi({ phase: 'Running', conditions }) });
  expect(status).toMatchObject({ ready: true, printableStatus: 'Running' });
  expect(conditionOf(status.conditions, 'AgentConnected')?.status).toBe('True');
});

test('copied conditions go when the VMI drops them, and stay stale when the VMI is gone', () => {
  const before: VmStatus = { conditions: [{ type: 'Paused', status: 'True' }] };
  const vm = sampleVm({}, before);
  expect(conditionOf(nextVmStatus({ ...base, vm, vmi: sampleVmi() }).conditions, 'Paused')).toBeUndefined();
  expect(conditionOf(nextVmStatus({ ...base, vm }).conditions, 'Paused')).toBeDefined();
});

test('a failed pass shows as Failure and goes when the next one succeeds', () => {
  const failed = nextVmStatus({ ...base, failure: { reason: 'FailedFindInstancetype', message: 'not found' } });
  expect(conditionOf(failed.conditions, 'Failure')).toMatchObject({ status: 'True', reason: 'FailedFindInstancetype' });
  expect(failed.printableStatus).toBe('Stopped');
  expect(conditionOf(nextVmStatus({ ...base, vm: sampleVm({}, failed) }).conditions, 'Failure')).toBeUndefined();
});

test('RestartRequired comes, stays while unknown, and goes', () => {
  const vmi = sampleVmi({ phase: 'Running' });
  const required = nextVmStatus({ ...base, vmi, restartRequired: true });
  expect(conditionOf(required.conditions, 'RestartRequired')).toMatchObject({
    status: 'True',
    message: 'a non-live-updatable field was changed in the template spec',
  });
  const vm = sampleVm({}, required);
  expect(conditionOf(nextVmStatus({ ...base, vm, vmi }).conditions, 'RestartRequired')).toBeDefined();
  expect(
    conditionOf(nextVmStatus({ ...base, vm, vmi, restartRequired: false }).conditions, 'RestartRequired'),
  ).toBeUndefined();
});

test('times of a condition move only when its status flips', () => {
  const first = nextVmStatus(base);
  const later = nextVmStatus({ ...base, vm: sampleVm({}, first), nowMs: 60_000 });
  expect(later).toEqual(first);
});

test('a finished request is taken off the list, one at a time', () => {
  const stateChangeRequests = [{ action: 'Stop' as const, uid: 'gone' }, { action: 'Start' as const }];
  const once = nextVmStatus({ ...base, vm: sampleVm({}, { stateChangeRequests }) });
  expect(once.stateChangeRequests).toEqual([{ action: 'Start' }]);
  const twice = nextVmStatus({ ...base, vm: sampleVm({}, once), vmi: sampleVmi() });
  expect(twice).not.toHaveProperty('stateChangeRequests');
});
