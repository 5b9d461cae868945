import { expect, it } from 'vitest';
import { cpuMicrosOf } from './cpu-time.ts';

it('counts what this process burns', () => {
  const before = cpuMicrosOf([process.pid]);
  const until = performance.now() + 60;
  let turns = 0;
  while (performance.now() < until) turns += 1;
  expect(turns).toBeGreaterThan(0);
  expect(cpuMicrosOf([process.pid])).toBeGreaterThan(before);
});
