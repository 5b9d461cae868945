/**
 * What surrounds the workers goes away and comes back: Redis is emptied and restarted, Postgres is
 * restarted, all workers are killed at once, the API server is away. What was accepted becomes true by itself, and nothing is doubled.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allGone, allRun, atRest, want } from './fleet.ts';
import { problemsOf, rowsOf } from './invariants.ts';
import { buildTests } from './stage/build-tests.ts';
import { eventually } from './stage/eventually.ts';
import { Stage } from './stage/stage.ts';

const PATIENCE_MS = 240_000;

let stage: Stage;
beforeAll(async () => {
  await buildTests();
  stage = await Stage.start({ timeScale: 50 });
  await stage.startWorker();
  await stage.startWorker();
}, 180_000);
afterAll(() => stage.close());

const OUTAGES: Readonly<Record<string, () => Promise<void>>> = {
  'Redis is emptied': () => stage.servers.flushRedis(),
  'Redis is restarted': () => stage.servers.restartRedis(),
  'Postgres is restarted': () => stage.servers.restartPostgres(),
  'both workers are killed': async () => void (await Promise.all(stage.workers.map((worker) => worker.kill()))),
  'the API server is away for a while': async () => {
    const id = stage.simulator.faults.set({ effect: { type: 'away' }, durationMs: 4_000 });
    await pause(4_500);
    stage.simulator.faults.clear(id);
  },
};

for (const [index, [name, strike]] of Object.entries(OUTAGES).entries()) {
  test(`${name} in the middle of coming up and in the middle of going`, async () => {
    const project = `outage-${index}`;
    const wanted = want(stage, project, 2);
    await eventually('the work has begun', PATIENCE_MS, async () =>
      (await rowsOf(stage.store, project)).some(({ phase }) => phase !== 'Pending') ? true : undefined,
    );
    await strike();
    await wanted;
    await allRun(stage, project, 2);
    expect(await atRest(stage, project)).toEqual([]);
    const going = allGone(stage, project);
    await eventually('the deletion has begun', PATIENCE_MS, async () =>
      (await rowsOf(stage.store, project)).some(({ phase }) => phase === 'Deleting') ? true : undefined,
    );
    await strike();
    await going;
    expect(await problemsOf(stage, project)).toEqual([]);
  }, 900_000);
}
