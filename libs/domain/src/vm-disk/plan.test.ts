import { describe, expect, it } from 'vitest';
import { mayMove } from '../lifecycle.ts';
import type { DiskObserved, ObservedDataVolume } from './observed.ts';
import { planDisk } from './plan.ts';
import { DISK_PHASES, type VmDisk } from './vm-disk.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const later = (ms: number): Date => new Date(NOW.getTime() + ms);

function disk(change: Partial<VmDisk> = {}): VmDisk {
  return {
    kind: 'VMDisk',
    uid: 'd-1',
    project: 'demo',
    name: 'system',
    labels: {},
    annotations: {},
    generation: 1,
    specVersion: 1,
    statusVersion: 1,
    resourceVersion: '1',
    createdAt: NOW,
    spec: {
      source: { http: { url: 'https://images.example/a.img' } },
      optical: false,
      storage: '20Gi',
      storageClass: 'replicated',
    },
    phase: 'Pending',
    phaseSince: NOW,
    status: { conditions: [], observedGeneration: 0, attachedTo: [] },
    claim: {},
    ...change,
  };
}

function volume(change: Partial<ObservedDataVolume> = {}): ObservedDataVolume {
  return { uid: 'dv-1', deleting: false, phase: 'ImportInProgress', restartCount: 0, ...change };
}

function seen(change: Partial<DiskObserved> = {}): DiskObserved {
  return { at: NOW, namespaceExists: true, usedByMachines: [], ...change };
}

const boundClaim = {
  uid: 'c-1',
  deleting: false,
  phase: 'Bound',
  capacity: '20Gi',
  capacityMib: 20_480,
  requestedMib: 20_480,
} as const;
const error = (message: string): ObservedDataVolume =>
  volume({ running: { status: 'False', reason: 'Error', message } });
const NOT_FOUND =
  'Unable to process data: Unable to connect to http data source: expected status code 200, got 404. Status: 404 Not Found';

describe('a disk that is wanted', () => {
  it('is made, its namespace first', () => {
    const plan = planDisk({ desired: disk(), observed: seen({ namespaceExists: false }) });
    expect(plan).toMatchObject({ phase: 'Pending', actions: [{ do: 'ensureNamespace' }, { do: 'applyDataVolume' }] });
  });

  it('imports, and tells a percentage only when there is one', () => {
    const unknown = planDisk({ desired: disk(), observed: seen({ dataVolume: volume() }) });
    expect(unknown.phase).toBe('Importing');
    expect(unknown.details.import).not.toHaveProperty('percent');
    const known = planDisk({ desired: disk(), observed: seen({ dataVolume: volume({ percent: 13.37 }) }) });
    expect(known.details.import?.percent).toBe(13.37);
  });

  it('expects an end while the percentage rises, and none that has passed or of an import that has failed', () => {
    const importing = disk({
      phase: 'Importing',
      status: {
        conditions: [],
        observedGeneration: 1,
        attachedTo: [],
        import: { phase: 'Downloading', percent: 40, attempts: 1, lastProgressAt: NOW.toISOString() },
      },
    });
    const look = (desired: VmDisk, ms: number, dataVolume: ObservedDataVolume) =>
      planDisk({ desired, observed: seen({ at: later(ms), dataVolume }) }).details.import;
    const rising = look(importing, 10_000, volume({ percent: 50 }));
    expect(rising?.estimatedCompletionTime).toBe(later(60_000).toISOString());
    const then = rising ? disk({ ...importing, status: { ...importing.status, import: rising } }) : importing;
    expect(look(then, 20_000, volume({ percent: 50 }))).toHaveProperty('estimatedCompletionTime');
    expect(look(then, 60_000, volume({ percent: 50 }))).not.toHaveProperty('estimatedCompletionTime');
    const failed = look(then, 20_000, error(NOT_FOUND));
    expect(failed).toMatchObject({ phase: 'Failed' });
    expect(failed).not.toHaveProperty('estimatedCompletionTime');
  });

  it('never lets the percentage go back, nor reach 100 before it is ready', () => {
    const half = disk({
      status: {
        conditions: [],
        observedGeneration: 1,
        attachedTo: [],
        import: { phase: 'Downloading', percent: 50, attempts: 1 },
      },
    });
    const after = (percent: number) =>
      planDisk({ desired: half, observed: seen({ dataVolume: volume({ percent }) }) }).details.import?.percent;
    expect(after(3)).toBe(50);
    expect(after(100)).toBeLessThan(100);
  });

  it('is not ready while its claim is not bound, although CDI says Succeeded', () => {
    const plan = planDisk({
      desired: disk(),
      observed: seen({ dataVolume: volume({ phase: 'Succeeded', percent: 100 }) }),
    });
    expect(plan).toMatchObject({ phase: 'Importing', reason: 'Binding' });
    expect(plan.conditions).toContainEqual(expect.objectContaining({ type: 'Imported', status: 'True' }));
    expect(plan.conditions.find((c) => c.type === 'Ready')?.status).toBe('False');
  });

  it('is ready when the data is there and the claim is bound', () => {
    const plan = planDisk({
      desired: disk(),
      observed: seen({ dataVolume: volume({ phase: 'Succeeded' }), claim: boundClaim }),
    });
    expect(plan).toMatchObject({
      phase: 'Ready',
      details: { capacity: '20Gi', import: { phase: 'Done', percent: 100 } },
      actions: [],
    });
  });

  it('fails at once when the source is not there, and stops the importer', () => {
    const plan = planDisk({ desired: disk(), observed: seen({ dataVolume: error(NOT_FOUND) }) });
    expect(plan).toMatchObject({
      phase: 'Failed',
      failure: { code: 'SourceNotFound', retryable: true },
      details: { import: { phase: 'Failed', lastError: NOT_FOUND } },
      actions: [{ do: 'deleteDataVolume', uid: 'dv-1' }],
    });
  });

  it.each([
    ['dial tcp: lookup nowhere.example: no such host', 'SourceHostNotFound', 3],
    ['expected status code 200, got 503. Status: 503 Service Unavailable', 'SourceServerError', 5],
    ['read: connection reset by peer', 'SourceConnectionLost', 5],
    ['something nobody has seen', 'ImportFailed', 5],
  ])('tries again after %j, and fails as %s at attempt %d', (message, code, attempts) => {
    const failing = (restartCount: number) =>
      planDisk({ desired: disk(), observed: seen({ dataVolume: { ...error(message), restartCount } }) });
    expect(failing(attempts - 1)).toMatchObject({ phase: 'Importing', reason: 'Retrying' });
    expect(failing(attempts)).toMatchObject({ phase: 'Failed', failure: { code } });
  });

  it('stays failed, whatever the cluster shows, until the user asks anew', () => {
    const failed = disk({
      phase: 'Failed',
      status: {
        conditions: [],
        observedGeneration: 1,
        attachedTo: [],
        failure: { code: 'SourceNotFound', message: 'm', remedy: 'r', retryable: true, since: NOW.toISOString() },
        import: { phase: 'Failed', attempts: 1 },
      },
    });
    expect(planDisk({ desired: failed, observed: seen() })).toMatchObject({ phase: 'Failed', actions: [] });
    const retried = { ...failed, generation: 2 };
    expect(planDisk({ desired: retried, observed: seen() })).toMatchObject({
      phase: 'Pending',
      actions: [{ do: 'applyDataVolume' }],
    });
    expect(planDisk({ desired: retried, observed: seen({ dataVolume: volume() }) }).actions).toEqual([
      { do: 'deleteDataVolume', uid: 'dv-1' },
    ]);
  });

  it('fails when nothing moves for too long', () => {
    const standing = disk({
      phase: 'Importing',
      status: {
        conditions: [],
        observedGeneration: 1,
        attachedTo: [],
        import: { phase: 'Downloading', percent: 60, attempts: 1, lastProgressAt: NOW.toISOString() },
      },
    });
    const at = (ms: number) =>
      planDisk({ desired: standing, observed: seen({ at: later(ms), dataVolume: volume({ percent: 60 }) }) });
    expect(at(30_000).details.import).not.toHaveProperty('stalledSince');
    expect(at(90_000).details.import?.stalledSince).toBe(NOW.toISOString());
    expect(at(601_000)).toMatchObject({ phase: 'Failed', failure: { code: 'ImportStalled' } });
  });

  it('grows by its claim when more is wanted than was asked for', () => {
    const ready = disk({
      phase: 'Ready',
      generation: 2,
      status: {
        conditions: [],
        observedGeneration: 1,
        attachedTo: [],
        import: { phase: 'Done', percent: 100, attempts: 1 },
      },
    });
    const wanted = { ...ready, spec: { ...ready.spec, storage: '30Gi' } };
    const dataVolume = volume({ phase: 'Succeeded' });
    expect(planDisk({ desired: wanted, observed: seen({ dataVolume, claim: boundClaim }) })).toMatchObject({
      phase: 'Resizing',
      actions: [{ do: 'growClaim', storage: '30Gi' }],
    });
    const asked = { ...boundClaim, requestedMib: 30_720 };
    expect(planDisk({ desired: wanted, observed: seen({ dataVolume, claim: asked }) })).toMatchObject({
      phase: 'Resizing',
      actions: [],
    });
    const grown = { ...asked, capacityMib: 30_720, capacity: '30Gi' };
    expect(planDisk({ desired: wanted, observed: seen({ dataVolume, claim: grown }) })).toMatchObject({
      phase: 'Ready',
    });
  });

  it('says that data is lost instead of quietly importing it again', () => {
    const ready = disk({
      phase: 'Ready',
      status: {
        conditions: [],
        observedGeneration: 1,
        attachedTo: [],
        import: { phase: 'Done', percent: 100, attempts: 1 },
      },
    });
    expect(planDisk({ desired: ready, observed: seen() })).toMatchObject({
      phase: 'Failed',
      failure: { code: 'DataLost' },
      actions: [],
    });
  });
});

describe('a disk that is being deleted', () => {
  const deleting = disk({ phase: 'Deleting', deletionRequestedAt: NOW });

  it('waits while a machine uses it', () => {
    const plan = planDisk({ desired: deleting, observed: seen({ dataVolume: volume(), usedByMachines: ['web'] }) });
    expect(plan).toMatchObject({ outcome: 'keep', reason: 'WaitingForMachine', actions: [] });
    const stuck = planDisk({
      desired: deleting,
      observed: seen({ at: later(300_000), dataVolume: volume(), usedByMachines: ['web'] }),
    });
    expect(stuck).toMatchObject({
      reason: 'DeletionStuck',
      message: expect.stringContaining(NOW.toISOString()),
      actions: [],
    });
  });

  it('goes when nothing of it is left in the cluster', () => {
    expect(planDisk({ desired: deleting, observed: seen({ dataVolume: volume() }) }).actions).toEqual([
      { do: 'deleteDataVolume', uid: 'dv-1' },
    ]);
    expect(planDisk({ desired: deleting, observed: seen({ claim: boundClaim }) })).toMatchObject({
      outcome: 'keep',
      actions: [],
    });
    expect(planDisk({ desired: deleting, observed: seen() })).toMatchObject({ outcome: 'remove' });
  });

  it('is not gone while its volume is there without our label, which comes back before the volume is deleted', () => {
    for (const claim of [{}, { claim: boundClaim }])
      expect(planDisk({ desired: deleting, observed: seen({ ...claim, unlabelled: true }) })).toMatchObject({
        outcome: 'keep',
        actions: [{ do: 'applyDataVolume' }],
      });
    const used = seen({ unlabelled: true, usedByMachines: ['web'] });
    expect(planDisk({ desired: deleting, observed: used }).actions).toEqual([]);
  });

  it('says what blocks it when it takes too long', () => {
    const plan = planDisk({ desired: deleting, observed: seen({ at: later(301_000), claim: boundClaim }) });
    expect(plan).toMatchObject({ reason: 'DeletionStuck', message: expect.stringContaining('storage claim') });
  });

  it('shows in its condition who holds it and since when, because its phase does not change any more', () => {
    const held = { ...boundClaim, deleting: true, heldBy: ['kubernetes.io/pvc-protection'] };
    const { conditions } = planDisk({ desired: deleting, observed: seen({ at: later(301_000), claim: held }) });
    const message = `The cluster has not let go of its storage claim since ${NOW.toISOString()}; it is held by kubernetes.io/pvc-protection.`;
    expect(conditions).toEqual([{ type: 'Ready', status: 'False', reason: 'DeletionStuck', message }]);
  });
});

it('every plan that keeps the row says when to look again', () => {
  const phases = [
    '',
    'Pending',
    'ImportScheduled',
    'ImportInProgress',
    'Succeeded',
    'Failed',
    'Unknown',
    'CloneInProgress',
  ];
  const conditions = [
    undefined,
    { status: 'False', reason: 'Error', message: NOT_FOUND },
    { status: 'True', reason: 'x', message: '' },
  ] as const;
  const claims = [
    undefined,
    boundClaim,
    { ...boundClaim, phase: 'Pending' },
    { ...boundClaim, phase: 'Lost' },
  ] as const;
  const plans = phases.flatMap((phase) =>
    conditions.flatMap((running) =>
      claims.flatMap((claim) =>
        [true, false].flatMap((deleting) =>
          [disk(), disk({ deletionRequestedAt: NOW })].map((desired) =>
            planDisk({
              desired,
              observed: seen({
                dataVolume: volume({ phase, deleting, ...(running ? { running } : {}) }),
                ...(claim ? { claim } : {}),
              }),
            }),
          ),
        ),
      ),
    ),
  );
  expect(plans).toHaveLength(8 * 3 * 4 * 2 * 2);
  expect(plans.filter((plan) => plan.outcome === 'keep' && !(Number(plan.requeueAfterMs) > 0))).toEqual([]);
});

it('no plan asks for a step that the lifecycle does not know, also when the size was raised meanwhile', () => {
  const volumes = ['', 'Pending', 'ImportInProgress', 'Succeeded', 'Failed', 'Unknown'].map((phase) =>
    volume({ phase }),
  );
  const claims = [
    undefined,
    boundClaim,
    { ...boundClaim, phase: 'Pending' as const },
    { ...boundClaim, deleting: true },
  ];
  const steps = DISK_PHASES.filter((phase) => phase !== 'Deleting').flatMap((phase) =>
    [undefined, ...volumes].flatMap((dataVolume) =>
      claims.flatMap((claim) =>
        ['20Gi', '40Gi'].map((storage) => {
          const isDone = phase === 'Ready' || phase === 'Resizing';
          const status = { ...disk().status, ...(isDone ? { import: { phase: 'Done' as const, attempts: 1 } } : {}) };
          const desired = disk({ phase, status, spec: { ...disk().spec, storage } });
          const observed = seen({ ...(dataVolume ? { dataVolume } : {}), ...(claim ? { claim } : {}) });
          return `${phase} to ${planDisk({ desired, observed }).phase}`;
        }),
      ),
    ),
  );
  const known = ([from = '', to = '']: string[]) => from === to || mayMove('VMDisk', from, to);
  expect([...new Set(steps)].filter((step) => !known(step.split(' to ')))).toEqual([]);
});
