import { expect, it } from 'vitest';
import { diskIntentAfter, isCancelled } from './intent.ts';
import type { DiskObserved, ObservedDataVolume } from './observed.ts';
import { planDisk } from './plan.ts';
import type { VmDisk } from './vm-disk.ts';

const NOW = new Date('2026-01-01T12:00:00Z');

function importing(change: Partial<VmDisk> = {}): VmDisk {
  return {
    ...{ kind: 'VMDisk', uid: 'd-1', project: 'demo', name: 'system', labels: {}, annotations: {}, claim: {} },
    ...{ generation: 2, specVersion: 2, statusVersion: 1, resourceVersion: '1', createdAt: NOW },
    spec: {
      source: { http: { url: 'https://images.example/a.img' } },
      optical: false,
      storage: '20Gi',
      storageClass: 'local',
    },
    phase: 'Importing',
    phaseSince: NOW,
    status: {
      conditions: [],
      observedGeneration: 1,
      attachedTo: [],
      import: { phase: 'Downloading', percent: 40, bytesPerSecond: 5, attempts: 2 },
    },
    intent: { cancelled: { asked: 2 } },
    ...change,
  };
}
const volume = (change: Partial<ObservedDataVolume> = {}): ObservedDataVolume => ({
  ...{ uid: 'dv-1', deleting: false, phase: 'ImportInProgress', restartCount: 0 },
  ...change,
});
const look = (desired: VmDisk, dataVolume?: ObservedDataVolume) => {
  const observed: DiskObserved = {
    at: NOW,
    namespaceExists: true,
    usedByMachines: [],
    ...(dataVolume ? { dataVolume } : {}),
  };
  return planDisk({ desired, observed });
};

it('gives up an import that was cancelled and says that it can be retried', () => {
  const plan = look(importing(), volume());
  expect(plan).toMatchObject({
    phase: 'Failed',
    reason: 'ImportCancelled',
    failure: { code: 'ImportCancelled', retryable: true },
    details: { import: { phase: 'Failed', percent: 40, attempts: 2 } },
    actions: [{ do: 'deleteDataVolume', uid: 'dv-1' }],
  });
  expect(plan.details.import).not.toHaveProperty('bytesPerSecond');
});

it('deletes a volume once, and needs none', () => {
  expect(look(importing(), volume({ deleting: true })).actions).toEqual([]);
  expect(look(importing({ status: { conditions: [], observedGeneration: 0, attachedTo: [] } }))).toMatchObject({
    phase: 'Failed',
    actions: [],
    details: { import: { phase: 'Failed', attempts: 1 } },
  });
});

it('keeps data that was there before the wish was seen', () => {
  expect(look(importing(), volume({ phase: 'Succeeded' })).phase).not.toBe('Failed');
});

it('takes the wish back with the generation of a retry', () => {
  const retried = importing({ generation: 3 });
  expect(isCancelled(retried)).toBe(false);
  expect(look(retried, volume()).phase).toBe('Importing');
});

it('takes a wish only while something is imported, and the same wish once', () => {
  const { intent: _none, ...fresh } = importing();
  expect(diskIntentAfter(fresh)).toEqual({ cancelled: { asked: 3 } });
  const asked = importing();
  expect(diskIntentAfter(asked)).toBe(asked.intent);
  for (const phase of ['Ready', 'Resizing', 'Failed', 'Deleting'] as const)
    expect(() => diskIntentAfter({ ...fresh, phase })).toThrow(expect.objectContaining({ code: 'NotCancellable' }));
});
