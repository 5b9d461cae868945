import type { ImportProgress } from '@compute/domain';
import { expect, test, vi } from 'vitest';
import { type ProgressEntry, ProgressFlusher } from './progress-flusher.ts';

const at = (percent: number, attempts = 1): ImportProgress => ({ phase: 'Downloading', percent, attempts });

function newFlusher(write: (entries: readonly ProgressEntry[]) => Promise<void>, errors: unknown[] = []) {
  return new ProgressFlusher({ windowMs: 10, write, onError: (error) => void errors.push(error) });
}

test('the progress of many disks goes out in one write', async () => {
  const writes: (readonly ProgressEntry[])[] = [];
  const flusher = newFlusher(async (entries) => void writes.push(entries));
  for (let percent = 1; percent <= 50; percent += 1) {
    for (const uid of ['a', 'b', 'c']) flusher.offer({ uid: uid, import: at(percent) });
  }
  await vi.waitFor(() => expect(writes).toHaveLength(1));
  expect(writes[0]).toEqual(['a', 'b', 'c'].map((uid) => ({ uid, import: at(50) })));
});

test('a percentage never falls within one attempt, and starts again with the next', async () => {
  const writes: ImportProgress[] = [];
  const flusher = newFlusher(async (entries) => void writes.push(...entries.map((entry) => entry.import)));
  flusher.offer({ uid: 'a', import: at(40) });
  flusher.offer({ uid: 'a', import: at(3) });
  flusher.offer({ uid: 'b', import: at(40) });
  flusher.offer({ uid: 'b', import: at(3, 2) });
  await flusher.stop();
  expect(writes.map((progress) => progress.percent)).toEqual([40, 3]);
});

test('a time for the next look is kept until it is written', async () => {
  const writes: (readonly ProgressEntry[])[] = [];
  const flusher = newFlusher(async (entries) => void writes.push(entries));
  flusher.offer({ uid: 'a', import: at(1), nextLookAfterMs: 15_000 });
  flusher.offer({ uid: 'a', import: at(2) });
  await flusher.stop();
  expect(writes).toEqual([[{ uid: 'a', import: at(2), nextLookAfterMs: 15_000 }]]);
});

test('a figure that a commit overtook is not written any more', async () => {
  const writes: (readonly ProgressEntry[])[] = [];
  const flusher = newFlusher(async (entries) => void writes.push(entries));
  flusher.offer({ uid: 'a', import: at(99) });
  flusher.forget('a');
  await flusher.stop();
  expect(writes).toEqual([]);
});

test('a failing write is told, and the next figures go out', async () => {
  const errors: unknown[] = [];
  const writes: (number | undefined)[] = [];
  let failures = 1;
  const flusher = newFlusher(async (entries) => {
    if (failures-- > 0) throw new Error('database away');
    writes.push(entries[0]?.import.percent);
  }, errors);
  flusher.offer({ uid: 'a', import: at(10) });
  await vi.waitFor(() => expect(errors).toHaveLength(1));
  flusher.offer({ uid: 'a', import: at(11) });
  await vi.waitFor(() => expect(writes).toEqual([11]));
});
