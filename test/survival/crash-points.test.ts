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
/** Lives that go on at the same time. */
const AT_ONCE = 8;

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
function trapsThat(does: Trap['does']): Trap[] {
  const moments = does === 'kill' && process.env.SURVIVAL !== 'full' ? ['after'] : ['before', 'after'];
  const points = faultSteps().flatMap((step) => moments.map((moment) => `${moment}:${step}` as FaultPoint));
  return points.map((point, index) => ({ index, point, does, project: `${does}-${index}` }));
}

/** A disk makes the namespace when it comes first, so each kind's own step is reached by the life that begins with it. */
function firstKindFor({ point }: Trap): FirstKind {
  return point.includes(':VMInstance:ensureNamespace') ? 'VMInstance' : 'VMDisk';
}

interface Wave {
  readonly wrong: string[];
  readonly missed: FaultPoint[];
  readonly processes: number;
}

/** Lets as many projects live as there are traps, with one worker whose processes are replaced when they die. */
async function wave(traps: readonly Trap[]): Promise<Wave> {
  const fired = new Set<number>();
  const armed = () => traps.filter(({ index }) => !fired.has(index));
  const worker = await stage.startWorker(armed, { onFired: (index) => void fired.add(index) });
  const waiting = [...traps];
  const wrong: string[] = [];
  const runner = async () => {
    for (let trap = waiting.shift(); trap !== undefined; trap = waiting.shift()) wrong.push(...(await outcomeOf(trap)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
  await worker.stop();
  return { wrong, missed: armed().map(({ point }) => point), processes: worker.starts };
}

async function outcomeOf(trap: Trap): Promise<string[]> {
  const label = `${trap.does} ${trap.point}`;
  try {
    const outcome = await live(stage, trap.project, firstKindFor(trap));
    const differs = JSON.stringify(outcome) !== JSON.stringify(undisturbed);
    const problems = await problemsOf(stage, trap.project);
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
      const traps = trapsThat(does);
      const { wrong, missed, processes } = await wave(traps);
      const deaths = does === 'kill' ? `, ${processes - 1} processes died by SIGKILL` : '';
      process.stdout.write(
        `survival: ${does} at ${traps.length} points of ${faultSteps().length} steps, ${traps.length - missed.length} reached${deaths}\n`,
      );
      expect(wrong).toEqual([]);
      expect(missed).toEqual([]);
    },
    RUN_TIMEOUT_MS,
  );
}
