import { describe, expect, it } from 'vitest';
import { formatQuantity, parseQuantity } from './quantity.ts';

describe('quantities', () => {
  it.each([
    ['1', 1],
    ['1Gi', 1024 ** 3],
    ['1.5Gi', 1.5 * 1024 ** 3],
    ['500m', 0.5],
    ['100m', 0.1],
    ['2k', 2000],
    ['1e3', 1000],
    ['12E6', 12e6],
    ['1E', 1e18],
    ['250000n', 0.00025],
    ['-1Ki', -1024],
    [7, 7],
  ])('%s is %d', (text, value) => {
    expect(parseQuantity(text)).toBe(value);
  });

  it.each(['', 'abc', '1GiB', '1 Gi', '--1', undefined])('%s is no quantity', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });

  it.each([
    [2 * 1024 ** 3, 'binary', '2Gi'],
    [1536 * 1024 ** 2, 'binary', '1536Mi'],
    [2_147_483_648, 'decimal', '2147483648'],
    [5_000_000, 'decimal', '5M'],
    [0.25, 'decimal', '250m'],
    [0, 'binary', '0'],
  ] as const)('%d in %s form is %s', (value, form, text) => {
    expect(formatQuantity(value, form)).toBe(text);
  });
});
