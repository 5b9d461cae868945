import { expect, it } from 'vitest';
import { warningHeaders } from './reply.ts';

it('a warning is a header whatever it speaks of', () => {
  expect(warningHeaders(['unknown field "spec.日本"', 'a\nb\u0000'])).toEqual([
    String.raw`299 - "unknown field \"spec.??\""`,
    '299 - "a?b?"',
  ]);
});

it('many or long warnings are cut to what clients take of headers, and none ends within an escape', () => {
  const headers = warningHeaders(Array.from({ length: 100 }, (_none, at) => `${at}${'"'.repeat(400)}`));
  expect(headers.join('').length).toBeLessThan(5_000);
  expect(headers.length).toBeGreaterThan(10);
  for (const header of headers) expect(header).toMatch(/^299 - "(?:[^"\\]|\\.)*"$/);
});
