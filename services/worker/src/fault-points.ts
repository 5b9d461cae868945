/**
 * Named places where a crash test may stop the worker: before and after each commit, each action and each hand-over.
 *
 * Production passes `noFaultPoints`. A test throws from `reached`, or kills its process there, and then proves that the
 * next worker ends in the same state. The names of all places are a table that the compiler keeps complete: an action
 * that a planner may decide and that is missing here does not compile.
 */
import type { DiskAction, Kind, VmAction } from '@compute/domain';

export type FaultPoint = `${'before' | 'after'}:${string}`;

/** Whose look it is. */
export interface FaultSubject {
  readonly kind: Kind;
  readonly uid: string;
  readonly project: string;
  readonly name: string;
}

export interface FaultPoints {
  /**
   * Called at each point; what it throws is treated as a failure of the worker at that line. The subject is absent where
   * many resources are handled at once.
   */
  reached(point: FaultPoint, subject?: FaultSubject): void | Promise<void>;
}

export const noFaultPoints: FaultPoints = { reached: () => undefined };

interface ActionOf {
  VMDisk: DiskAction['do'];
  VMInstance: VmAction['do'];
}

const ACTIONS: { readonly [K in Kind]: Readonly<Record<ActionOf[K], true>> } = {
  VMDisk: { ensureNamespace: true, applyDataVolume: true, growClaim: true, deleteDataVolume: true },
  VMInstance: {
    ensureNamespace: true,
    applyCloudInitSecret: true,
    applySshKeysSecret: true,
    applyVirtualMachine: true,
    applyService: true,
    plugDisk: true,
    unplugDisk: true,
    deleteMachine: true,
    hurryMachine: true,
    startMachine: true,
    pauseMachine: true,
    unpauseMachine: true,
    deleteVirtualMachine: true,
    deleteService: true,
    deleteCloudInitSecret: true,
    deleteSshKeysSecret: true,
  },
};

const SHARED_STEPS = ['relay:send', 'progress:write'] as const;

/** The name of a step, as `between` takes it, of each kind of step there is. */
export const stepNames = {
  commit: (kind: Kind) => `commit:${kind}`,
  remove: (kind: Kind) => `remove:${kind}`,
  perform: (kind: Kind, action: string) => `perform:${kind}:${action}`,
} as const;

/** Every step that has a point before and one after it. */
export function faultSteps(): string[] {
  const ofKind = ([kind, actions]: [string, Readonly<Record<string, true>>]): string[] => [
    stepNames.commit(kind as Kind),
    ...Object.keys(actions).map((action) => stepNames.perform(kind as Kind, action)),
    stepNames.remove(kind as Kind),
  ];
  return [...SHARED_STEPS, ...Object.entries(ACTIONS).flatMap(ofKind)];
}

/** Runs `step` between its two points. */
export async function between<T>(
  points: FaultPoints,
  name: string,
  step: () => Promise<T>,
  subject?: FaultSubject,
): Promise<T> {
  await points.reached(`before:${name}`, subject);
  const result = await step();
  await points.reached(`after:${name}`, subject);
  return result;
}
