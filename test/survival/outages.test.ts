/**
 * What surrounds the workers goes away and comes back: Redis is emptied and restarted, Postgres is restarted, all workers
 * are killed at once, the API server is away. What was accepted becomes true by itself, and nothing is doubled.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { problemsOf, rowsOf } from './invariants.ts';
import { buildTests } from './stage/build-tests.ts';
import { eventually } from './stage/eventually.ts';
import { Stage } from './stage/stage.ts';

const PATIENCE_MS = 240_000;
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

const MACHINE = { instanceType: 'u1.medium', instanceProfile: 'ubuntu' };
const DISK = { source: {}, storage: '1Gi', storageClass: 'replicated' };

/** Machines with two disks each, accepted in an order in which machines often come before their disks. */
async function want(project: string, machines: number): Promise<void> {
  await stage.store.createProject(project);
  const wishes = Array.from({ length: machines }, (_, index) => [
    () => stage.rest.create(project, 'VMInstance', `vm-${index}`, { ...MACHINE, disks: [`a-${index}`, `b-${index}`] }),
    () => stage.rest.create(project, 'VMDisk', `a-${index}`, DISK),
    () => stage.rest.create(project, 'VMDisk', `b-${index}`, DISK),
  ]).flat();
  const run = async () => {
    for (let wish = wishes.shift(); wish !== undefined; wish = wishes.shift()) await wish();
  };
  await Promise.all(Array.from({ length: 8 }, run));
}

async function allRun(project: string, machines: number): Promise<void> {
  await eventually(`${machines} machines of ${project} run`, PATIENCE_MS, async () => {
    const rows = await rowsOf(stage.store, project);
    const phases = rows.filter(({ kind }) => kind === 'VMInstance').map(({ phase }) => phase);
    if (phases.length === machines && phases.every((phase) => phase === 'Running')) return true;
    throw new Error(
      JSON.stringify(
        Object.groupBy(rows, ({ phase }) => phase),
        (key, value) => (Array.isArray(value) && key !== '' ? value.length : value),
      ),
    );
  });
}

/** Disks learn last who uses them. */
async function atRest(project: string): Promise<string[]> {
  let last: string[] = [];
  const clean = eventually(`${project} is at rest`, PATIENCE_MS, async () => {
    last = await problemsOf(stage, project);
    return last.length === 0 ? last : undefined;
  });
  return clean.catch(() => last);
}

async function allGone(project: string): Promise<void> {
  for (const { kind, name } of await rowsOf(stage.store, project))
    if (kind === 'VMInstance') await stage.rest.delete(project, kind, name);
  for (const { kind, name } of await rowsOf(stage.store, project))
    if (kind === 'VMDisk') await stage.rest.delete(project, kind, name);
  await eventually(`${project} is empty`, PATIENCE_MS, async () =>
    (await rowsOf(stage.store, project)).length === 0 ? true : undefined,
  );
}

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
  await want('flushed', 50);
  isAccepted = true;
  await allRun('flushed', 50).finally(() => over.abort());
  await flushing;
  process.stdout.write(`survival: 50 machines and 100 disks ran while Redis was emptied ${flushes} times\n`);
  expect(await atRest('flushed')).toEqual([]);
  await allGone('flushed');
  expect(await problemsOf(stage, 'flushed')).toEqual([]);
}, 600_000);

const OUTAGES: Readonly<Record<string, () => Promise<void>>> = {
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
    const wanted = want(project, 2);
    await eventually('the work has begun', PATIENCE_MS, async () =>
      (await rowsOf(stage.store, project)).some(({ phase }) => phase !== 'Pending') ? true : undefined,
    );
    await strike();
    await wanted;
    await allRun(project, 2);
    expect(await atRest(project)).toEqual([]);
    const going = allGone(project);
    await eventually('the deletion has begun', PATIENCE_MS, async () =>
      (await rowsOf(stage.store, project)).some(({ phase }) => phase === 'Deleting') ? true : undefined,
    );
    await strike();
    await going;
    expect(await problemsOf(stage, project)).toEqual([]);
  }, 900_000);
}
