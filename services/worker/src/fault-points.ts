/**
 * Named places where a crash test may stop the worker: before and after each commit, each action and each hand-over.
 *
 * Production passes `noFaultPoints`. A test throws from `reached`, or kills its process there, and then proves that the
 * next worker ends in the same state. A new place costs one line: call `reached` with a name that says where.
 */
export type FaultPoint = `${'before' | 'after'}:${string}`;

export interface FaultPoints {
  /** Called at each point; what it throws is treated as a failure of the worker at that line. */
  reached(point: FaultPoint): void | Promise<void>;
}

export const noFaultPoints: FaultPoints = { reached: () => undefined };

/** Runs `step` between its two points. */
export async function between<T>(points: FaultPoints, name: string, step: () => Promise<T>): Promise<T> {
  await points.reached(`before:${name}`);
  const result = await step();
  await points.reached(`after:${name}`);
  return result;
}
