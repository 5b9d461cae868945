/** Redis is emptied all the time while a fleet is accepted and comes up: nothing that was accepted is lost, nothing doubled. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allGone, allRun, atRest, want } from '../fleet.ts';
import { problemsOf } from '../invariants.ts';
import { buildTests } from '../stage/build-tests.ts';
import { Stage } from '../stage/stage.ts';

const FLUSH_EVERY_MS = 500;
/** From then on a slow machine may catch up: what is proved is that nothing is lost, not how fast it runs meanwhile. */
const FLUSHES = 40;

let stage: Stage;
beforeAll(async () => {
  await buildTests();
  stage = await Stage.start({ timeScale: 50 });
  await stage.startWorker();
  await stage.startWorker();
}, 180_000);
afterAll(() => stage.close());

test('50 machines and 100 disks that are accepted while Redis is emptied twice a second all run', async () => {
  const over = new AbortController();
  let flushes = 0;
  let isAccepted = false;
  const flushing = (async () => {
    while (!over.signal.aborted && (flushes < FLUSHES || !isAccepted)) {
      await stage.servers.flushRedis();
      flushes += 1;
      await pause(FLUSH_EVERY_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  await want(stage, 'flushed', 50);
  isAccepted = true;
  await allRun(stage, 'flushed', 50).finally(() => over.abort());
  await flushing;
  process.stdout.write(`survival: 50 machines and 100 disks ran while Redis was emptied ${flushes} times\n`);
  expect(await atRest(stage, 'flushed')).toEqual([]);
  await allGone(stage, 'flushed');
  expect(await problemsOf(stage, 'flushed')).toEqual([]);
}, 600_000);
