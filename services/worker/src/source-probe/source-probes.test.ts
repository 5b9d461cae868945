import type { SourceFinding, VmDisk } from '@compute/domain';
import { expect, test, vi } from 'vitest';
import { SourceProbes } from './source-probes.ts';

const disk = (uid: string, change: Partial<VmDisk> = {}): VmDisk =>
  ({
    kind: 'VMDisk',
    uid,
    generation: 1,
    phase: 'Pending',
    spec: { source: { http: { url: 'https://images.example/a.img' } } },
    status: { conditions: [], observedGeneration: 0, attachedTo: [] },
    ...change,
  }) as VmDisk;

const found: SourceFinding = { state: 'found', content: { kind: 'image', format: 'raw' }, totalBytes: 7 };

function probesThat(probe: (url: string) => Promise<SourceFinding>, concurrency = 2) {
  const answered: string[] = [];
  const probes = new SourceProbes({ probe, concurrency, onAnswer: ({ uid }) => void answered.push(uid) });
  return { probes, answered };
}

test('a look never waits; the disk is told when the answer is there', async () => {
  const { probes, answered } = probesThat(async () => found);
  expect(probes.findingOf(disk('a'))).toEqual({ state: 'asking' });
  await vi.waitFor(() => expect(answered).toEqual(['a']));
  expect(probes.findingOf(disk('a'))).toEqual(found);
});

test('a burst of disks from one image asks its server once, and a retry asks anew', async () => {
  let asked = 0;
  const { probes, answered } = probesThat(async () => {
    asked += 1;
    return found;
  });
  for (let index = 0; index < 100; index += 1) probes.findingOf(disk(`d${index}`));
  await vi.waitFor(() => expect(answered).toHaveLength(100));
  expect(asked).toBe(1);
  expect(probes.findingOf(disk('d1', { generation: 2 }))).toEqual({ state: 'asking' });
  await vi.waitFor(() => expect(asked).toBe(2));
});

test('no more questions are under way than allowed', async () => {
  const open: (() => void)[] = [];
  const { probes, answered } = probesThat(() => new Promise((resolve) => open.push(() => resolve(found))));
  for (let index = 0; index < 5; index += 1)
    probes.findingOf(
      disk(`d${index}`, { spec: { source: { http: { url: `https://h/${index}` } } } as VmDisk['spec'] }),
    );
  await vi.waitFor(() => expect(open).toHaveLength(2));
  for (let done = 1; done <= 5; done += 1) {
    open[done - 1]?.();
    await vi.waitFor(() => expect(answered).toHaveLength(done));
  }
});

test.each<[string, Partial<VmDisk>]>([
  ['has no http source', { spec: { source: {} } as VmDisk['spec'] }],
  ['is ready', { phase: 'Ready' }],
  ['is being deleted', { deletionRequestedAt: new Date() }],
  [
    'is being filled and knows its length',
    {
      phase: 'Importing',
      status: {
        conditions: [],
        observedGeneration: 1,
        attachedTo: [],
        import: { phase: 'Downloading', attempts: 1, totalBytes: 7 },
      },
    },
  ],
])('nothing is asked for a disk that %s', (_case, change) => {
  const { probes } = probesThat(() => Promise.reject(new Error('asked')));
  expect(probes.findingOf(disk('a', change))).toBeUndefined();
});
