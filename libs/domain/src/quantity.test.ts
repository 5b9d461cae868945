import { describe, expect, it } from 'vitest';
import { parseCpuCount, parseQuantityBytes, parseQuantityMib } from './quantity.ts';

describe('a size quantity', () => {
  it.each([
    ['20Gi', 20 * 1024],
    ['500Mi', 500],
    ['1.5Gi', 1536],
    ['1G', 954],
    ['1', 1],
    ['0', 0],
    ['2Ti', 2 * 1024 * 1024],
  ])('%s is %d MiB, rounded up', (text, mib) => {
    expect(parseQuantityMib(text)).toBe(mib);
  });

  it.each(['', 'Gi', '-1Gi', '1 Gi', '20GB', '1e3', '9'.repeat(30), '1.Gi', '9999999999999999Ei'])(
    'refuses %j',
    (text) => {
      expect(parseQuantityMib(text)).toBeUndefined();
    },
  );

  it('keeps exact bytes', () => {
    expect(parseQuantityBytes('0.5Ki')).toBe(512n);
  });
});

describe('a CPU count', () => {
  it.each([
    ['4', 4],
    ['0', undefined],
    ['1.5', undefined],
    ['500m', undefined],
    ['', undefined],
  ])('%j is %s', (text, count) => {
    expect(parseCpuCount(text)).toBe(count);
  });
});
