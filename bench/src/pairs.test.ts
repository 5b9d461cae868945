import { describe, expect, it } from 'vitest';
import { compare, median, ratioOf, type Sample } from './pairs.ts';

const sample = (value: number, operations = 10, cpuMicros = 100): Sample => ({ value, operations, cpuMicros });

describe('pairs', () => {
  it('give the median of the ratios, not the ratio of the medians', () => {
    const ratio = ratioOf([sample(10), sample(30), sample(20)], [sample(10), sample(10), sample(40)]);
    expect(ratio).toMatchObject({ ratio: 1, min: 0.5, max: 3, pairs: 3, ours: 20, beside: 10, cpuMicrosPerOp: 10 });
  });

  it('alternate who comes first, after one pair that does not count', async () => {
    const order: string[] = [];
    const run = (name: string) => async () => {
      order.push(name);
      return sample(1);
    };
    await compare({ pairs: 2, ours: run('ours'), beside: run('beside') });
    expect(order).toEqual(['beside', 'ours', 'ours', 'beside', 'beside', 'ours']);
  });

  it('take the mean of the two middle values of an even number', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});
