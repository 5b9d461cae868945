/**
 * A worker process that fails or kills itself at named places. The kill is a real SIGKILL of the whole process, sent by
 * itself in the same tick in which the place is reached: no callback, no `finally`, no buffer that is flushed.
 *
 * Its parent reads from its output, written synchronously so that nothing said before a kill is lost: `ready`, `reached
 * <point>` once for each, `fired <index of the trap>`.
 */
import { writeSync } from 'node:fs';
import { type FaultPoint, type FaultPoints, type FaultSubject, readWorkerConfig, startWorker } from '@compute/worker';
import type { Trap } from './trap.ts';

// A run that is broken off leaves no workers behind.
process.on('disconnect', () => process.exit());

const traps = new Map((JSON.parse(process.env.SURVIVAL_TRAPS ?? '[]') as Trap[]).map((trap) => [trap.index, trap]));
const reached = new Set<string>();

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

function trapOf(point: FaultPoint, subject: FaultSubject | undefined): Trap | undefined {
  return [...traps.values()].find(
    (trap) => trap.point === point && (subject === undefined || trap.project === subject.project),
  );
}

const points: FaultPoints = {
  reached: (point, subject) => {
    if (!reached.has(point)) say(`reached ${point}`);
    reached.add(point);
    const trap = trapOf(point, subject);
    if (trap === undefined) return;
    traps.delete(trap.index);
    say(`fired ${trap.index}`);
    if (trap.does === 'kill') process.kill(process.pid, 'SIGKILL');
    throw new Error(`stumbled ${point}`);
  },
};

// Retries come quickly, so that a story that fails a hundred times ends in a minute; nothing else differs from production.
const pace = { retry: { firstMs: 50, ceilingMs: 400 }, sweepEveryMs: 200 };
await startWorker(readWorkerConfig(), { points, pace });
say('ready');
