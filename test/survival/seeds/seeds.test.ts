/** Histories that chance makes: the same seeds at each run of the tests, others by `npm run test:seeds`. */
import { beforeAll, expect, test } from 'vitest';
import { buildTests } from '../stage/build-tests.ts';
import { historyPlan } from './history-plan.ts';
import { runSeeds } from './run-seeds.ts';

const COUNT = 8;
const { SURVIVAL_SEED } = process.env;
const seeds =
  SURVIVAL_SEED === undefined ? Array.from({ length: COUNT }, (_, index) => index + 1) : [Number(SURVIVAL_SEED)];

beforeAll(buildTests, 180_000);

test('a seed stands for the same history everywhere, and two seeds for different ones', () => {
  expect(historyPlan(7)).toEqual(historyPlan(7));
  expect(historyPlan(7)).not.toEqual(historyPlan(8));
});

test('after any history what was accepted stands, is true in the cluster, is paid for, and nothing else is left', async () => {
  const failed = await runSeeds({ seeds, atOnce: 4, say: (line) => void process.stdout.write(`${line}\n`) });
  expect(failed).toEqual([]);
}, 600_000);
