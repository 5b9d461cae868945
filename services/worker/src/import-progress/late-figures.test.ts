/** A figure that was on its way while somebody else wrote must never undo what they wrote. */
import type { ImportProgress, VmDisk } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WorkerStack } from '../fixtures/worker-stack.ts';

let stack: WorkerStack;
beforeAll(async () => {
  stack = await WorkerStack.start();
});
afterAll(() => stack.close());

async function observe(disk: VmDisk, phase: VmDisk['phase'], progress: ImportProgress): Promise<VmDisk> {
  const { resource } = await stack.store.observe<'VMDisk'>({
    actor: { type: 'system', id: 'test' },
    uid: disk.uid,
    loaded: disk,
    phase,
    reason: phase,
    message: phase,
    conditions: [],
    details: { attachedTo: [], import: progress },
  });
  return resource;
}

const progressOf = async ({ uid }: VmDisk) => ((await stack.store.getByUid(uid)) as VmDisk).status.import;
const at = (percent: number, attempts = 1): ImportProgress => ({ phase: 'Downloading', percent, attempts });

test.each(['Done', 'Failed'] as const)('a figure that comes after the import ended as %s is left out', async (end) => {
  const disk = await observe(await stack.wantDisk(end.toLowerCase()), 'Importing', at(40));
  const ended: ImportProgress = { phase: end, attempts: 1 };
  await observe(disk, end === 'Done' ? 'Ready' : 'Failed', ended);
  await stack.store.progress([{ uid: disk.uid, import: at(99) }]);
  expect(await progressOf(disk)).toEqual(ended);
});

test('a figure behind the row is left out, that of a new attempt is taken', async () => {
  const disk = await observe(await stack.wantDisk('late'), 'Importing', at(40));
  await stack.store.progress([{ uid: disk.uid, import: at(39) }]);
  expect(await progressOf(disk)).toEqual(at(40));
  await stack.store.progress([{ uid: disk.uid, import: at(41) }]);
  expect(await progressOf(disk)).toEqual(at(41));
  await stack.store.progress([{ uid: disk.uid, import: at(2, 2) }]);
  expect(await progressOf(disk)).toEqual(at(2, 2));
});
