import { expect, test } from 'vitest';
import { compareUsage, type MeteredSpan, type RecordedStep, spansOfHistory } from './replay.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 1, 10, 0, second));
const size = { series: 'U', instanceType: 'u1.medium', vcpu: 1, memoryGib: 4 };
const charge = (second: number, more: object = {}): RecordedStep => ({
  ...{ type: 'Charge', at: at(second) },
  to: JSON.stringify({ kind: 'VMInstance', size, ...more }),
});
const phase = (to: string, second: number): RecordedStep => ({ type: 'Phase', to, at: at(second) });
const span = (meter: MeteredSpan['meter'], from: number, to?: number, dimensions: object = size): MeteredSpan => ({
  ...{ meter, dimensions: dimensions as MeteredSpan['dimensions'], from: at(from) },
  ...(to === undefined ? {} : { to: at(to) }),
});

const life = [phase('Pending', 0), charge(0), phase('Starting', 5), phase('Running', 8), phase('Stopped', 20)];

test('phases and charges of history are the whole bill', () => {
  const { missing, surplus } = compareUsage(spansOfHistory([...life, phase('Deleting', 30), phase('Deleted', 31)]), [
    span('vm.allocated', 5, 30),
    span('vm.running', 8, 20),
  ]);
  expect([missing, surplus]).toEqual([[], []]);
});

test('a machine that still runs has spans without an end', () => {
  expect(compareUsage(spansOfHistory(life.slice(0, 4)), [span('vm.allocated', 5), span('vm.running', 8)])).toEqual({
    missing: [],
    surplus: [],
  });
});

test('how the metered time is cut does not matter, a hole of a millisecond does', () => {
  const whole = spansOfHistory(life).filter(({ meter }) => meter === 'vm.running');
  const cut = [span('vm.running', 8, 10), span('vm.running', 10, 15), span('vm.running', 15, 20)];
  expect(compareUsage(whole, cut)).toEqual({ missing: [], surplus: [] });
  const hole = cut.with(1, { ...span('vm.running', 10, 15), to: new Date(at(15).getTime() - 1) });
  expect(compareUsage(whole, hole).missing).toEqual([span('vm.running', 8, 20)]);
});

test('a new size and a public address are charged from when they are recorded', () => {
  const large = { ...size, instanceType: 'u1.large', vcpu: 2, memoryGib: 8 };
  const steps = [...life.slice(0, 4), charge(12, { size: large, ip: { method: 'PortList' } })];
  expect(
    compareUsage(spansOfHistory(steps), [
      ...[span('vm.allocated', 5, 12), span('vm.running', 8, 12)],
      ...[span('vm.allocated', 12, undefined, large), span('vm.running', 12, undefined, large)],
      span('ip.held', 12, undefined, { method: 'PortList' }),
    ]),
  ).toEqual({ missing: [], surplus: [] });
});

test('what was metered and never happened is surplus', () => {
  const { missing, surplus } = compareUsage(
    [],
    [span('disk.allocated', 1, 2, { storageClass: 'local', storageGib: 5 })],
  );
  expect(missing).toEqual([]);
  expect(surplus).toHaveLength(1);
});
