import type { Poke } from '@compute/queue';
import { expect, test, vi } from 'vitest';
import { PokeCoalescer } from './poke-coalescer.ts';

const disk = (uid: string): Poke => ({ kind: 'VMDisk', uid });

function newCoalescer(send: (pokes: readonly Poke[]) => Promise<void>, errors: unknown[] = []): PokeCoalescer {
  return new PokeCoalescer({ windowMs: 20, retryMs: 400, send, onError: (error) => void errors.push(error) });
}

test('a burst of events about one resource becomes one poke', async () => {
  const batches: (readonly Poke[])[] = [];
  const coalescer = newCoalescer(async (pokes) => void batches.push(pokes));
  for (let event = 0; event < 100; event += 1) coalescer.add(disk('a'));
  coalescer.add(disk('b'));
  await vi.waitFor(() => expect(batches).toHaveLength(1));
  expect(batches[0]?.map((poke) => poke.uid)).toEqual(['a', 'b']);
  await coalescer.stop();
});

test('a poke that comes while a batch is sent goes with the next batch', async () => {
  const gate = Promise.withResolvers<void>();
  const batches: string[][] = [];
  const coalescer = newCoalescer(async (pokes) => {
    batches.push(pokes.map((poke) => poke.uid));
    if (batches.length === 1) await gate.promise;
  });
  coalescer.add(disk('a'));
  await vi.waitFor(() => expect(batches).toHaveLength(1));
  coalescer.add(disk('a'));
  gate.resolve();
  await vi.waitFor(() => expect(batches).toEqual([['a'], ['a']]));
  await coalescer.stop();
});

test('what could not be sent is sent again with what came meanwhile', async () => {
  const errors: unknown[] = [];
  const batches: string[][] = [];
  let failures = 1;
  const coalescer = newCoalescer(async (pokes) => {
    if (failures-- > 0) throw new Error('queue away');
    batches.push(pokes.map((poke) => poke.uid).sort());
  }, errors);
  coalescer.add(disk('a'));
  await vi.waitFor(() => expect(errors).toHaveLength(1));
  coalescer.add(disk('b'));
  await vi.waitFor(() => expect(batches).toEqual([['a', 'b']]));
  await coalescer.stop();
});

test('stop sends what waits', async () => {
  const sent: string[] = [];
  const coalescer = newCoalescer(async (pokes) => void sent.push(...pokes.map((poke) => poke.uid)));
  coalescer.add(disk('a'));
  await coalescer.stop();
  coalescer.add(disk('late'));
  expect(sent).toEqual(['a']);
});
