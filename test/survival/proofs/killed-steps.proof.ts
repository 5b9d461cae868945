/**
 * Each place where a worker can die: the process gets SIGKILL there, at every action of every reconciler, every commit and
 * every hand-over, and another one goes on. `SURVIVAL=full` gives each place a life of its own and kills before it as well.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ground, IS_FULL, openGround, pointsThat, told, wave } from '../fault-waves.ts';

/** The full run has a life for each place, and the machine may be busy. */
const RUN_TIMEOUT_MS = IS_FULL ? 3_600_000 : 900_000;

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
}, 180_000);
afterAll(() => ground.stage.close());

test(
  'a worker may be killed at each step',
  async () => {
    const points = pointsThat('kill');
    const met = await wave(ground, 'kill', points);
    process.stdout.write(told('kill', points, met));
    expect(met.wrong).toEqual([]);
    expect(met.missed).toEqual([]);
  },
  RUN_TIMEOUT_MS,
);
