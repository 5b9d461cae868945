import type { VmInstance, VmPlan } from '@compute/domain';
import { expect, test } from 'vitest';
import { settledClaim } from './vm-reconciler.ts';

const size = { name: 'u1.small', series: 'U', vcpu: 1, memoryMib: 2_048 };
const desired = { spec: { external: false }, status: { instanceType: size } } as VmInstance;
const applied = { type: 'SpecApplied', status: 'True', reason: 'Applied', message: '' } as const;
const plan = { conditions: [applied], details: { instanceType: size } } as unknown as VmPlan;

test('a smaller size is given back once the cluster holds the spec', () => {
  const claim = { 'series:U/instances': 1, 'series:U/vcpus': 1, 'series:U/memoryMib': 2_048 };
  expect(settledClaim({ desired }, plan)).toEqual(claim);
});

test('it is held while the spec is not applied, or while the machine still runs with the larger size', () => {
  expect(settledClaim({ desired }, { ...plan, conditions: [{ ...applied, status: 'False' }] })).toBeUndefined();
  const restart = { ...plan.details, restartRequired: { since: '2026-01-01T00:00:00Z', fields: [] } };
  expect(settledClaim({ desired }, { ...plan, details: restart })).toBeUndefined();
});
