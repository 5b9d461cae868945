import type { DiskPlan, ImportProgress, VmDisk } from '@compute/domain';
import { expect, test } from 'vitest';
import { importFigures } from './disk-reconciler.ts';

const condition = {
  type: 'Ready',
  status: 'False',
  reason: 'Importing',
  message: 'The disk is being filled.',
} as const;
const at = (percent: number): ImportProgress => ({ phase: 'Downloading', percent, attempts: 1 });

const disk = {
  kind: 'VMDisk',
  generation: 1,
  phase: 'Importing',
  status: {
    conditions: [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1 }],
    observedGeneration: 1,
    attachedTo: ['vm-a'],
    import: at(10),
  },
} as unknown as VmDisk;

const plan: DiskPlan = {
  outcome: 'keep',
  phase: 'Importing',
  reason: 'Importing',
  message: 'The disk is being filled.',
  conditions: [condition],
  details: { attachedTo: ['vm-a'], import: at(11) },
  actions: [],
};

test('a higher percentage alone is a figure', () => {
  expect(importFigures(disk, plan)).toEqual(at(11));
});

test.each<[string, VmDisk, DiskPlan]>([
  ['nothing changed', disk, { ...plan, details: { ...plan.details, import: at(10) } }],
  ['the phase changes', disk, { ...plan, phase: 'Ready' }],
  ['a condition changes', disk, { ...plan, conditions: [{ ...condition, reason: 'Retrying' }] }],
  ['a machine begins to name the disk', disk, { ...plan, details: { ...plan.details, attachedTo: [] } }],
  ['there is something to do', disk, { ...plan, actions: [{ do: 'applyDataVolume' }] }],
  ['the spec is newer than the status', { ...disk, generation: 2 }, plan],
])('it takes a commit when %s', (_case, row, decided) => {
  expect(importFigures(row, decided)).toBeUndefined();
});
