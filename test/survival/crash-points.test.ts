/**
 * Each place where a step of a worker can fail, before its effect and after it: every action of every reconciler, every
 * commit and every hand-over. How it dies there is proved by `npm run test:survival`.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ground, openGround, pointsThat, told, wave } from './fault-waves.ts';
import { problemsOf } from './invariants.ts';

const RUN_TIMEOUT_MS = 900_000;

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
}, 180_000);
afterAll(() => ground.stage.close());

test('an undisturbed life leaves nothing wrong', async () => {
  expect(await problemsOf(ground.stage, 'undisturbed')).toEqual([]);
  expect(ground.undisturbed.gone).toEqual([]);
});

test(
  'each step may fail before and after it',
  async () => {
    const points = pointsThat('fail');
    const met = await wave(ground, 'fail', points);
    process.stdout.write(told('fail', points, met));
    expect(met.wrong).toEqual([]);
    expect(met.missed).toEqual([]);
  },
  RUN_TIMEOUT_MS,
);
