import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MeteredTime } from './metered-time.ts';

test('time is doubled when any of it was there before, in whatever order it comes', () => {
  const spans = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 6 })), { maxLength: 30 });
  fc.assert(
    fc.property(spans, (all) => {
      const time = new MeteredTime();
      const taken = new Set<number>();
      for (const [from, length] of all) {
        const moments = Array.from({ length }, (_, index) => from + index);
        const isDoubled = moments.some((moment) => taken.has(moment));
        expect(time.add('disk', from, from + length)).toBe(isDoubled);
        if (!isDoubled) for (const moment of moments) taken.add(moment);
      }
    }),
  );
});

test('the time of one resource is not that of another', () => {
  const time = new MeteredTime();
  expect(time.add('one', 0, 5)).toBe(false);
  expect(time.add('other', 0, 5)).toBe(false);
  expect(time.add('one', 4, 6)).toBe(true);
});
