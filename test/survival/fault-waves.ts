/**
 * Lives in which a worker meets faults at named places: the step fails before or after its effect, or the process gets SIGKILL
 * there. A life must end as one to which nothing happened, with nothing doubled, lost or unpaid.
 */
import { type FaultPoint, faultSteps } from '@compute/worker';
import { problemsOf } from './invariants.ts';
import { type FirstKind, live, type Outcome } from './life.ts';
import { buildTests } from './stage/build-tests.ts';
import { Stage } from './stage/stage.ts';
import type { Trap } from './stage/trap.ts';

/** Lives that go on at the same time. */
const AT_ONCE = 4;
/** A step that depends on how fast the worker was may be passed by in one life; the next one has it again. */
const ROUNDS = 3;
/** Each step has a life of its own then, and is killed before its effect as well. */
export const IS_FULL = process.env.SURVIVAL === 'full';

/** Where lives are led, and how one ends to which nothing happens. */
export interface Ground {
  readonly stage: Stage;
  readonly undisturbed: Outcome;
}

export async function openGround(): Promise<Ground> {
  await buildTests();
  const stage = await Stage.start({ timeScale: 50 });
  const worker = await stage.startWorker();
  const undisturbed = await live(stage, 'undisturbed', 'VMDisk');
  await worker.stop();
  return { stage, undisturbed };
}

/**
 * A process costs seconds to start, so the short run kills it where it hurts most, when a step has had its effect and
 * nobody knows yet. `SURVIVAL=full` kills it before each step as well, where nothing has happened.
 */
export function pointsThat(does: Trap['does']): FaultPoint[] {
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

export interface Wave {
  readonly wrong: string[];
  readonly missed: FaultPoint[];
  readonly processes: number;
}

/** Lets projects live until each point was met, with one worker whose processes are replaced when they die. */
export async function wave(ground: Ground, does: Trap['does'], points: readonly FaultPoint[]): Promise<Wave> {
  const fired = new Set<number>();
  let present: Fate[] = [];
  const armed = () => present.flatMap(({ traps }) => traps).filter(({ index }) => !fired.has(index));
  const wrong: string[] = [];
  let missed = [...points];
  let processes = 0;
  for (let round = 0; round < ROUNDS && missed.length > 0; round += 1) {
    present = fates(does, missed, round);
    const worker = await ground.stage.startWorker(armed, { onFired: (index) => void fired.add(index) });
    wrong.push(...(await liveAll(ground, present)));
    await worker.stop();
    processes += worker.starts;
    missed = armed().map(({ point }) => point);
  }
  return { wrong, missed, processes };
}

async function liveAll(ground: Ground, all: readonly Fate[]): Promise<string[]> {
  const waiting = [...all];
  const wrong: string[] = [];
  const runner = async () => {
    for (let fate = waiting.shift(); fate !== undefined; fate = waiting.shift())
      wrong.push(...(await outcomeOf(ground, fate)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
  return wrong;
}

async function outcomeOf({ stage, undisturbed }: Ground, { project, first, traps }: Fate): Promise<string[]> {
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

/** Tells what was met, so that a suite that reaches nothing cannot pass unseen. */
export function told(does: Trap['does'], points: readonly FaultPoint[], { missed, processes }: Wave): string {
  const deaths = does === 'kill' ? `, ${processes - 1} processes died by SIGKILL` : '';
  return `survival: ${does} at ${points.length} points of ${faultSteps().length} steps, ${points.length - missed.length} reached${deaths}\n`;
}
