import { expect, test } from 'vitest';
import { intervalsBetween, lastBoundary, periodMsOf, usageEventId } from './intervals.ts';

const HOUR = periodMsOf('hour');
const at = (time: string) => new Date(`2026-11-22T${time}Z`);
const spans = (from: string, to: string) =>
  intervalsBetween(at(from), at(to), HOUR).map((one) => [one.from.toISOString(), one.to.toISOString()]);

test('a span is cut at every full hour and at no other place', () => {
  expect(spans('09:59:59.999', '12:00:00.001')).toEqual([
    ['2026-11-22T09:59:59.999Z', '2026-11-22T10:00:00.000Z'],
    ['2026-11-22T10:00:00.000Z', '2026-11-22T11:00:00.000Z'],
    ['2026-11-22T11:00:00.000Z', '2026-11-22T12:00:00.000Z'],
    ['2026-11-22T12:00:00.000Z', '2026-11-22T12:00:00.001Z'],
  ]);
});

test('a span from boundary to boundary is one interval, an empty span none', () => {
  expect(spans('10:00:00.000', '11:00:00.000')).toHaveLength(1);
  expect(spans('10:00:00.000', '10:00:00.000')).toEqual([]);
  expect(spans('11:00:00.000', '10:00:00.000')).toEqual([]);
});

test('the last boundary is not in the future', () => {
  expect(lastBoundary(at('10:00:00.000'), HOUR)).toEqual(at('10:00:00.000'));
  expect(lastBoundary(at('10:59:59.999'), HOUR)).toEqual(at('10:00:00.000'));
});

test('an id depends on resource, meter and start only', () => {
  const id = usageEventId('vm-1', 'vm.running', at('10:00:00.000'));
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(usageEventId('vm-1', 'vm.running', at('10:00:00.000'))).toBe(id);
  expect(usageEventId('vm-1', 'vm.running', at('10:00:00.001'))).not.toBe(id);
  expect(usageEventId('vm-1', 'vm.allocated', at('10:00:00.000'))).not.toBe(id);
});
