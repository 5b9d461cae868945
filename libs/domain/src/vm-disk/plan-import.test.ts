/** The truths about an import that the plain course of a disk does not show. */
import { describe, expect, it } from 'vitest';
import type { DiskObserved, ObservedDataVolume, OriginDisk } from './observed.ts';
import { planDisk } from './plan.ts';
import type { SourceFinding } from './source-finding.ts';
import type { ImportProgress, VmDisk, VmDiskSpec } from './vm-disk.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const later = (ms: number): Date => new Date(NOW.getTime() + ms);
const MINUTE_MS = 60_000;

function disk(progress?: ImportProgress, spec: Partial<VmDiskSpec> = {}): VmDisk {
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
      ...spec,
    },
    phase: progress ? 'Importing' : 'Pending',
    phaseSince: NOW,
    status: { conditions: [], observedGeneration: 1, attachedTo: [], ...(progress ? { import: progress } : {}) },
    claim: {},
  };
}

function volume(change: Partial<ObservedDataVolume> = {}): ObservedDataVolume {
  return { uid: 'dv-1', deleting: false, phase: 'ImportInProgress', restartCount: 0, ...change };
}

function seen(change: Partial<DiskObserved> = {}): DiskObserved {
  return { at: NOW, namespaceExists: true, usedByMachines: [], ...change };
}

/** Looks at an import again and again, each look on what the one before reported. */
function follow(steps: readonly (Partial<DiskObserved> & { afterMs: number })[], first?: ImportProgress) {
  let progress = first;
  return steps.map(({ afterMs, ...step }) => {
    const plan = planDisk({ desired: disk(progress), observed: seen({ at: later(afterMs), ...step }) });
    progress = plan.details.import;
    return plan;
  });
}

const running = (percent: number, restartCount = 0) => ({ dataVolume: volume({ percent, restartCount }) });
const failing = (message: string, change: Partial<ObservedDataVolume> = {}) => ({
  dataVolume: volume({ running: { status: 'False', reason: 'Error', message }, ...change }),
});
const LOST = 'Unable to process data: unexpected EOF';
const found = (change: object = {}): SourceFinding => ({
  state: 'found',
  totalBytes: 1_000_000,
  content: { kind: 'image', format: 'qcow2', virtualBytes: 2 ** 31 },
  ...change,
});

describe('the figures', () => {
  it('are in bytes where the source told its length', () => {
    const [plan] = follow([{ afterMs: 0, ...running(40), source: found() }]);
    expect(plan?.details.import).toMatchObject({ totalBytes: 1_000_000, transferredBytes: 400_000 });
  });

  it('keep the length when a later look knows nothing of the source', () => {
    const plans = follow([
      { afterMs: 0, ...running(40), source: found() },
      { afterMs: 2_000, ...running(41) },
    ]);
    expect(plans[1]?.details.import).toMatchObject({ totalBytes: 1_000_000, transferredBytes: 410_000 });
  });

  it('give a rate and an end from what moved, smoothed', () => {
    const plans = follow([
      { afterMs: 0, ...running(10), source: found() },
      { afterMs: 2_000, ...running(12) },
      { afterMs: 4_000, ...running(24) },
    ]);
    expect(plans[1]?.details.import).toMatchObject({ bytesPerSecond: 10_000 });
    expect(plans[2]?.details.import?.bytesPerSecond).toBe(30_000);
    expect(plans[2]?.details.import?.estimatedCompletionTime).toBe(later(4_000 + (76 / 3) * 1_000).toISOString());
  });

  it('never go back and never reach 100 while the import runs', () => {
    const shown = follow([
      { afterMs: 0, ...running(60) },
      { afterMs: 2_000, ...failing(LOST, { percent: 60 }) },
      { afterMs: 4_000, ...running(0, 1) },
      { afterMs: 6_000, ...running(30, 1) },
      { afterMs: 8_000, ...running(100, 1) },
    ]).map((plan) => plan.details.import?.percent);
    expect(shown).toEqual([60, 60, 60, 60, 99.99]);
  });

  it('promise no rate and no end while an attempt waits', () => {
    const [, , plan] = follow([
      { afterMs: 0, ...running(10) },
      { afterMs: 2_000, ...running(20) },
      { afterMs: 4_000, ...failing(LOST, { percent: 20 }) },
    ]);
    expect(plan).toMatchObject({ reason: 'Retrying', details: { import: { lastError: LOST } } });
    expect(plan?.details.import).not.toHaveProperty('bytesPerSecond');
    expect(plan?.details.import).not.toHaveProperty('estimatedCompletionTime');
  });
});

describe('an attempt that begins again after much was done', () => {
  it('is no stall while it catches up, however long that takes', () => {
    const slow = Array.from({ length: 30 }, (_, minute) => ({
      afterMs: (minute + 2) * MINUTE_MS,
      ...running(minute, 1),
    }));
    const plans = follow([{ afterMs: 0, ...running(60) }, ...slow]);
    expect(plans.map(({ phase }) => phase)).not.toContain('Failed');
    expect(plans.at(-1)?.details.import).not.toHaveProperty('stalledSince');
  });
});

describe('an import ends in bounded time', () => {
  const policy = {
    stalledMs: 1_000,
    unstartedMs: 1_000,
    totalMs: 10_000,
    unreachableAttempts: 2,
    transientAttempts: 3,
  };
  const at = (ms: number, change: Partial<DiskObserved>, spec: Partial<VmDiskSpec> = {}) => {
    const before: ImportProgress = {
      phase: 'Pending',
      attempts: 1,
      startedAt: NOW.toISOString(),
      lastProgressAt: NOW.toISOString(),
    };
    return planDisk({ desired: disk(before, spec), observed: seen({ at: later(ms), ...change }), policy });
  };
  const pending = (change: Partial<ObservedDataVolume> = {}) => ({
    dataVolume: volume({ phase: 'Pending', ...change }),
  });
  const says = (reason: string, message = '') => ({ status: 'False', reason, message }) as const;

  it('by the operator’s count of attempts, each counted when it begins', () => {
    const attempt = (count: number) => [
      { afterMs: count * 100, ...running(1, count) },
      { afterMs: count * 100 + 10, ...failing(LOST, { restartCount: count }) },
      // The cluster counts the next one now and makes it after a pause.
      { afterMs: count * 100 + 20, ...failing(LOST, { restartCount: count + 1 }) },
    ];
    const plans = follow([...attempt(0), ...attempt(1), ...attempt(2), ...attempt(3), ...attempt(4)]);
    expect(plans.slice(0, 7).map(({ details }) => details.import?.attempts)).toEqual([1, 1, 1, 2, 2, 2, 3]);
    const [end] = plans.filter(({ phase }) => phase === 'Failed');
    expect(plans.indexOf(end as (typeof plans)[number])).toBe(13);
    expect(end).toMatchObject({ failure: { code: 'SourceConnectionLost' }, details: { import: { attempts: 5 } } });
    expect(at(10, failing(LOST, { restartCount: 3 }))).toMatchObject({ phase: 'Failed' });
    expect(at(10, failing('dial tcp: lookup x: no such host', { restartCount: 2 }))).toMatchObject({ phase: 'Failed' });
  });

  it('also when it moves all the time', () => {
    expect(at(10_000, running(50))).toMatchObject({ phase: 'Failed', failure: { code: 'ImportTooSlow' } });
  });

  it.each<[string, Partial<DiskObserved>, string]>([
    ['the claim is refused', pending({ bound: says('ErrExceededQuota', 'exceeded quota: q') }), 'ClusterStorageQuota'],
    [
      'the working claim is refused, which only an event tells',
      { ...pending(), warnings: [{ reason: 'ErrCreatingPVCPrime', message: 'forbidden: exceeded quota: q' }] },
      'ClusterStorageQuota',
    ],
    [
      'the storage cannot make a volume',
      { ...pending(), warnings: [{ reason: 'ProvisioningFailed', message: 'pool full' }] },
      'StorageUnavailable',
    ],
    ['the importer finds no node', pending({ running: says('Unschedulable') }), 'ImporterUnschedulable'],
    ['nothing is said at all', pending(), 'ImportNotStarted'],
  ])('when %s', (_case, observed, code) => {
    expect(at(999, observed)).toMatchObject({ phase: 'Importing' });
    expect(at(1_000, observed)).toMatchObject({ phase: 'Failed', failure: { code } });
  });

  it('and says meanwhile what it waits for', () => {
    const plan = at(10, pending({ bound: says('ErrExceededQuota', 'exceeded quota: q') }));
    expect(plan).toMatchObject({ reason: 'ClusterStorageQuota', message: expect.stringContaining('quota') });
  });

  it('when a golden image is not there', () => {
    const plan = at(1_000, pending({ bound: says('CloneWithoutSource') }), { source: { image: { name: 'ubuntu' } } });
    expect(plan.failure?.code).toBe('ImageMissing');
  });

  it('when the importer is killed for want of memory again and again', () => {
    const killed = { dataVolume: volume({ running: says('OOMKilled') }) };
    const plans = follow(
      Array.from({ length: 12 }, (_, step) => ({ afterMs: step * 1_000, ...(step % 2 === 0 ? running(1) : killed) })),
    );
    expect(plans.find(({ phase }) => phase === 'Failed')?.failure?.code).toBe('ImporterOutOfMemory');
  });
});

describe('what our own question to the source found', () => {
  const first = (source: SourceFinding, spec: Partial<VmDiskSpec> = {}) =>
    planDisk({ desired: disk(undefined, spec), observed: seen({ source }) });

  it('is waited for before the cluster is asked', () => {
    expect(first({ state: 'asking' })).toMatchObject({ phase: 'Pending', reason: 'CheckingSource', actions: [] });
  });

  it('lets the import begin when nothing speaks against it, and when the worker cannot tell', () => {
    for (const source of [found(), { state: 'unreachable', code: 'SourceTimeout', detail: '' } as const])
      expect(first(source).actions).toContainEqual({ do: 'applyDataVolume' });
  });

  it('ends it with both numbers when the image does not fit', () => {
    expect(first(found(), { storage: '1Gi' })).toMatchObject({
      phase: 'Failed',
      actions: [],
      failure: { code: 'ImageTooLarge', message: 'The image needs 2 GiB, the disk has 1 GiB.', retryable: false },
    });
  });

  it('takes the length of a raw image for its size', () => {
    const raw = found({ totalBytes: 3 * 2 ** 30, content: { kind: 'image', format: 'raw' } });
    expect(first(raw, { storage: '2Gi' }).failure?.message).toBe('The image needs 3 GiB, the disk has 2 GiB.');
  });

  it('ends it when the server says no, and when it delivers something else', () => {
    expect(first({ state: 'refused', code: 'SourceGone', detail: '' }).failure?.code).toBe('SourceGone');
    const page = first(found({ content: { kind: 'other', what: 'a web page' } }));
    expect(page.failure).toMatchObject({ code: 'NotAnImage', message: expect.stringContaining('a web page') });
  });

  it('does not end an import that runs', () => {
    const plan = planDisk({
      desired: disk({ phase: 'Downloading', percent: 5, attempts: 1 }),
      observed: seen({ ...running(6), source: { state: 'refused', code: 'SourceForbidden', detail: '' } }),
    });
    expect(plan.phase).toBe('Importing');
  });

  it('explains an error that the importer does not', () => {
    const unreachable = { state: 'unreachable', code: 'SourceHostNotFound', detail: '' } as const;
    const [, plan] = follow([
      { afterMs: 0, ...running(0) },
      { afterMs: 1, ...failing('who knows'), source: unreachable },
    ]);
    expect(plan?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Imported', reason: 'SourceHostNotFound' }),
    );
  });
});

it('no secret of a URL gets into what is reported', () => {
  const message = 'Get "https://u:pw@h/a?sig=secret": expected status code 200, got 403';
  const [plan] = follow([{ afterMs: 0, ...failing(message) }]);
  expect(JSON.stringify(plan)).not.toMatch(/secret|pw@/);
  expect(plan?.failure).toMatchObject({ code: 'SourceForbidden', detail: expect.stringContaining('https://h/a?…') });
});

describe('a clone', () => {
  const clone = (origin: Partial<OriginDisk>, dataVolume?: ObservedDataVolume, afterMs = 0) =>
    planDisk({
      desired: disk(undefined, { source: { disk: { name: 'golden' } } }),
      observed: seen({
        at: later(afterMs),
        origin: { name: 'golden', state: 'ready', usedByMachines: [], ...origin },
        ...(dataVolume ? { dataVolume } : {}),
      }),
    });

  it.each([
    ['missing', 'SourceDiskNotFound'],
    ['pending', 'SourceDiskNotReady'],
    ['failed', 'SourceDiskFailed'],
  ] as const)('waits while its source is %s, and names it', (state, reason) => {
    expect(clone({ state })).toMatchObject({
      phase: 'Pending',
      reason,
      actions: [],
      message: expect.stringContaining("'golden'"),
    });
  });

  it('fails when its source is being deleted, or is larger', () => {
    expect(clone({ state: 'deleting' }).failure?.code).toBe('SourceDiskDeleting');
    expect(clone({ storageMib: 30 * 1024 }).failure).toMatchObject({
      code: 'SourceDiskTooLarge',
      message: "Disk 'golden', which is to be copied, has 30 GiB, this one 20 GiB.",
    });
  });

  it('begins when its source is ready, and waits without end while a machine uses that', () => {
    expect(clone({}).actions).toContainEqual({ do: 'applyDataVolume' });
    const scheduled = volume({ phase: 'CloneScheduled' });
    const before: ImportProgress = { phase: 'Scheduled', attempts: 1, lastProgressAt: NOW.toISOString() };
    const plan = planDisk({
      desired: disk(before, { source: { disk: { name: 'golden' } } }),
      observed: seen({
        at: later(60 * MINUTE_MS),
        dataVolume: scheduled,
        origin: { name: 'golden', state: 'ready', usedByMachines: ['web'] },
      }),
    });
    expect(plan).toMatchObject({
      phase: 'Importing',
      reason: 'SourceDiskInUse',
      message: expect.stringContaining('web'),
    });
  });
});

describe('a disk that grows', () => {
  const done: ImportProgress = { phase: 'Done', percent: 100, attempts: 1 };
  const ready = (status: Partial<VmDisk['status']> = {}): VmDisk => {
    const row = disk(done, { storage: '30Gi' });
    return { ...row, phase: 'Ready', status: { ...row.status, ...status } };
  };
  const claim = (change: object) => ({
    dataVolume: volume({ phase: 'Succeeded' }),
    claim: { uid: 'c', deleting: false, phase: 'Bound' as const, capacityMib: 20_480, requestedMib: 30_720, ...change },
  });
  const look = (row: VmDisk, change: object) => planDisk({ desired: row, observed: seen(claim(change)) });

  it('says what it waits for', () => {
    expect(look(ready(), {})).toMatchObject({ phase: 'Resizing', reason: 'Growing' });
    const fileSystem = { resize: { state: 'fileSystem', message: '' } };
    expect(look(ready(), fileSystem)).toMatchObject({ phase: 'Resizing', reason: 'WaitingForMachine' });
  });

  it('stays usable and says why when the storage cannot', () => {
    const plan = look(ready(), { resize: { state: 'infeasible', message: 'pool too small' } });
    expect(plan).toMatchObject({ phase: 'Ready', failure: { code: 'GrowFailed', detail: 'pool too small' } });
    expect(plan.conditions).toContainEqual(expect.objectContaining({ type: 'Resized', status: 'False' }));
    expect(plan.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
  });

  it('keeps saying that it was refused until its size changes again', () => {
    const failure = { code: 'GrowRefused', message: 'm', remedy: 'r', retryable: true, since: NOW.toISOString() };
    const asked = { requestedMib: 20_480 };
    expect(look(ready({ failure }), asked)).toMatchObject({ phase: 'Ready', failure: { code: 'GrowRefused' } });
    expect(look(ready({ failure, observedGeneration: 0 }), asked)).toMatchObject({ phase: 'Resizing' });
  });

  it('tells that it has its size, once it was asked to grow', () => {
    const resized = {
      type: 'Resized',
      status: 'False',
      reason: 'Growing',
      message: '',
      lastTransitionTime: '',
      observedGeneration: 1,
    } as const;
    const plan = look(ready({ conditions: [resized] }), { capacityMib: 30_720 });
    expect(plan.phase).toBe('Ready');
    expect(plan.conditions).toContainEqual(expect.objectContaining({ type: 'Resized', status: 'True' }));
  });
});
