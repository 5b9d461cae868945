/**
 * Each place where a worker can die, and what becomes of the project whose look it was: for every action of every
 * reconciler, every commit and every hand-over, the step fails before it, fails after it, and the process gets SIGKILL
 * there. The outcome is that of a project to which nothing happened, and nothing is doubled, lost or unpaid.
 */
import { type FaultPoint, faultSteps } from '@compute/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { problemsOf } from './invariants.ts';
import { type FirstKind, live, type Outcome } from './life.ts';
import { buildTests } from './stage/build-tests.ts';
import { Stage } from './stage/stage.ts';
import type { Trap } from './stage/trap.ts';

const BUILD_TIMEOUT_MS = 180_000;
const RUN_TIMEOUT_MS = 900_000;
/** Each step has a life of its own then, and the machine may be busy. */
const FULL_RUN_TIMEOUT_MS = 3_600_000;
/** Lives that go on at the same time. */
const AT_ONCE = 4;
/** A step that depends on how fast the worker was may be passed by in one life; the next one has it again. */
const ROUNDS = 3;
const IS_FULL = process.env.SURVIVAL === 'full';

let stage: Stage;
let undisturbed: Outcome;

beforeAll(async () => {
  await buildTests();
  stage = await Stage.start({ timeScale: 50 });
  const worker = await stage.startWorker();
  undisturbed = await live(stage, 'undisturbed', 'VMDisk');
  await worker.stop();
}, BUILD_TIMEOUT_MS);
afterAll(() => stage.close());

/**
 * A process costs seconds to start, so the short run kills it where it hurts most, when a step has had its effect and
 * nobody knows yet. `SURVIVAL=full` kills it before each step as well, where nothing has happened.
 */
function pointsThat(does: Trap['does']): FaultPoint[] {
  const moments = does === 'kill' && !IS_FULL ? ['after'] : ['before', 'after'];
  return faultSteps().flatMap((step) => moments.map((moment) => `${moment}:${step}` as FaultPoint));
}

interface Fate {
  readonly project: string;
  readonly first: FirstKind;
  readonly traps: readonly Trap[];
}

/**
 * Deals points to lives: in the short run a few lives meet all of them, one after the other; in the full run each point has
 * a life of its own, so that nothing but it can be the cause. A disk makes the namespace when it comes first, so each
 * kind's own step is met by a life that begins with it.
 */
function fates(does: Trap['does'], points: readonly FaultPoint[], round: number): Fate[] {
  const isMachineFirst = (point: FaultPoint) => point.includes(':VMInstance:ensureNamespace');
  const places = IS_FULL ? points.length : AT_ONCE;
  const dealt = Map.groupBy(points.entries(), ([index, point]) => {
    if (IS_FULL) return index;
    return isMachineFirst(point) ? 0 : 1 + (index % (places - 1));
  });
  return [...dealt].map(([place, entries]) => {
    const project = `${does}-${round}-${place}`;
    const traps = entries.map(([index, point]) => ({ index: round * 1_000 + index, point, does, project }));
    const first = traps.some(({ point }) => isMachineFirst(point)) ? 'VMInstance' : 'VMDisk';
    return { project, first, traps };
  });
}

interface Wave {
  readonly wrong: string[];
  readonly missed: FaultPoint[];
  readonly processes: number;
}

/** Lets projects live until each point was met, with one worker whose processes are replaced when they die. */
async function wave(does: Trap['does'], points: readonly FaultPoint[]): Promise<Wave> {
  const fired = new Set<number>();
  let present: Fate[] = [];
  const armed = () => present.flatMap(({ traps }) => traps).filter(({ index }) => !fired.has(index));
  const wrong: string[] = [];
  let missed = [...points];
  let processes = 0;
  for (let round = 0; round < ROUNDS && missed.length > 0; round += 1) {
    present = fates(does, missed, round);
    const worker = await stage.startWorker(armed, { onFired: (index) => void fired.add(index) });
    wrong.push(...(await liveAll(present)));
    await worker.stop();
    processes += worker.starts;
    missed = armed().map(({ point }) => point);
  }
  return { wrong, missed, processes };
}

async function liveAll(all: readonly Fate[]): Promise<string[]> {
  const waiting = [...all];
  const wrong: string[] = [];
  const runner = async () => {
    for (let fate = waiting.shift(); fate !== undefined; fate = waiting.shift()) wrong.push(...(await outcomeOf(fate)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
  return wrong;
}

async function outcomeOf({ project, first, traps }: Fate): Promise<string[]> {
  const label = `${project} (${traps.map(({ point }) => point).join(', ')})`;
  try {
    const outcome = await live(stage, project, first);
    const differs = JSON.stringify(outcome) !== JSON.stringify(undisturbed);
    const problems = await problemsOf(stage, project);
    return [
      ...(differs ? [`${label}: ended in ${JSON.stringify(outcome)}`] : []),
      ...problems.map((one) => `${label}: ${one}`),
    ];
  } catch (error) {
    return [`${label}: ${error}`];
  }
}

test('an undisturbed life leaves nothing wrong', async () => {
  expect(await problemsOf(stage, 'undisturbed')).toEqual([]);
  expect(undisturbed.gone).toEqual([]);
});

for (const does of ['fail', 'kill'] as const) {
  test(
    `each step may ${does} before and after it`,
    async () => {
      const points = pointsThat(does);
      const { wrong, missed, processes } = await wave(does, points);
      const deaths = does === 'kill' ? `, ${processes - 1} processes died by SIGKILL` : '';
      process.stdout.write(
        `survival: ${does} at ${points.length} points of ${faultSteps().length} steps, ${points.length - missed.length} reached${deaths}\n`,
      );
      expect(wrong).toEqual([]);
      expect(missed).toEqual([]);
    },
    IS_FULL ? FULL_RUN_TIMEOUT_MS : RUN_TIMEOUT_MS,
  );
}
