/**
 * The phase of a machine that is not being deleted and has been given to the cluster: an ordered list of rules over
 * the running incarnation and over what is wanted.
 */
import type { FailureReport } from '../resource.ts';
import type { ObservedMachine, ObservedVirtualMachine } from './observed.ts';
import { disksCondition, disksReady } from './plan-conditions.ts';
import type { VmPlan, VmPlanInput } from './plan-report.ts';
import {
  launchFailure,
  launchRefused,
  lostNode,
  missingEntry,
  standingRefusal,
  startFailure,
  unschedulable,
  wasOutOfMemory,
} from './start-obstacle.ts';
import { runStrategyOf, type VmPhase } from './vm-instance.ts';

export type PhaseVerdict = Pick<VmPlan, 'phase' | 'reason' | 'message' | 'happenedAt' | 'failure'>;

/** A place is often found within seconds; only then is the lack of one a failure. */
const UNSCHEDULABLE_PATIENCE_MS = 20_000;

/** Phases after which a machine without an incarnation has ended, and is not about to start for the first time. */
const ENDS_FROM: ReadonlySet<VmPhase> = new Set(['Running', 'Paused', 'Migrating', 'Stopping', 'Stopped']);

export function vmPhase(input: VmPlanInput): PhaseVerdict {
  const { virtualMachine, machine } = input.observed;
  if (!virtualMachine) {
    const refused = standingRefusal(input.desired);
    return refused ? failed(refused) : verdict('Provisioning', 'Creating', 'The machine is being made in the cluster.');
  }
  if (virtualMachine.deleting)
    return verdict('Provisioning', 'Recreating', 'Someone deleted the machine in the cluster; it is made anew.');
  return machine ? phaseOfMachine(input, machine) : phaseWithoutMachine(input, virtualMachine);
}

function phaseOfMachine(input: VmPlanInput, machine: ObservedMachine): PhaseVerdict {
  const halted = runStrategyOf(input.desired.spec) === 'Halted';
  if (input.observed.nodeSilent) return failed(lostNode(machine));
  if (machine.deleting) return phaseWhileLeaving(input, machine);
  if (machine.phase === 'Running') return phaseWhileRunning(machine, halted);
  if (machine.phase === 'Unknown') return failed(lostNode(machine));
  if (hasEnded(machine)) return phaseAfterExit(input, machine);
  return phaseWhileStarting(input, machine, halted);
}

/** The cluster clears away what has ended for good as well: then nothing is being stopped, and a start is possible. */
function phaseWhileLeaving(input: VmPlanInput, machine: ObservedMachine): PhaseVerdict {
  const strategy = runStrategyOf(input.desired.spec);
  if (strategy === 'Always') return verdict('Stopping', 'Restarting', 'The machine is being restarted.');
  if (hasEnded(machine) && strategy !== 'Halted') return phaseAfterExit(input, machine);
  return verdict('Stopping', 'StopRequested', 'The machine is shutting down.');
}

function phaseWhileRunning(machine: ObservedMachine, halted: boolean): PhaseVerdict {
  if (halted) return verdict('Stopping', 'StopRequested', 'The machine is shutting down.');
  if (machine.migrating) return verdict('Migrating', 'Migrating', 'The machine moves to another node while it runs.');
  if (machine.paused) return verdict('Paused', 'Paused', 'The machine is paused.');
  return {
    ...verdict('Running', 'Running', 'The machine runs.'),
    ...(machine.phaseSince ? { happenedAt: machine.phaseSince } : {}),
  };
}

function phaseWhileStarting(
  { desired, observed }: VmPlanInput,
  machine: ObservedMachine,
  halted: boolean,
): PhaseVerdict {
  if (halted) return verdict('Stopping', 'StopRequested', 'The machine is shutting down.');
  const refused = launchFailure(machine);
  if (refused) return failed(refused);
  const homeless = unschedulable(machine);
  if (homeless) {
    const known = desired.status.failure?.code === homeless.code;
    const waitedMs = observed.at.getTime() - (machine.phaseSince ?? desired.phaseSince).getTime();
    if (known || waitedMs >= UNSCHEDULABLE_PATIENCE_MS) return failed(homeless);
  }
  return verdict('Starting', 'Starting', 'The machine is starting.');
}

/** The guest has ended. What comes next is the run strategy's to say. */
function phaseAfterExit({ desired, observed }: VmPlanInput, machine: ObservedMachine): PhaseVerdict {
  const crashing = startFailure(desired, observed);
  if (crashing) return failed(crashing);
  switch (runStrategyOf(desired.spec)) {
    case 'Halted':
      return verdict('Stopped', 'Stopped', 'The machine is stopped.');
    case 'Always':
      return wasOutOfMemory(observed, machine)
        ? verdict('Starting', 'OutOfMemory', 'The machine was killed for want of memory; it starts again.')
        : verdict('Starting', 'GuestEnded', 'The guest has ended; the machine starts again.');
    case 'RerunOnFailure':
      return machine.phase === 'Failed'
        ? verdict('Starting', 'GuestFailed', 'The guest has failed; the machine starts again.')
        : verdict('Stopped', 'GuestShutDown', 'The guest has shut itself down.');
    case 'Manual':
    case 'Once':
      return verdict('Stopped', 'GuestShutDown', 'The guest has ended.');
  }
}

function phaseWithoutMachine({ desired, observed }: VmPlanInput, vm: ObservedVirtualMachine): PhaseVerdict {
  if (vm.failure?.status === 'True') return failed(missingEntry(vm.failure) ?? launchRefused(vm.failure.message));
  const strategy = runStrategyOf(desired.spec);
  if (strategy === 'Halted') return verdict('Stopped', 'Stopped', 'The machine is stopped.');
  const crashing = startFailure(desired, observed);
  if (crashing) return failed(crashing);
  const endsForGood = strategy !== 'Always';
  if (strategy === 'Manual') return verdict('Stopped', 'Stopped', 'The machine waits to be started.');
  if (endsForGood && (ENDS_FROM.has(desired.phase) || vm.cameToRest))
    return verdict('Stopped', 'GuestShutDown', 'The guest has ended.');
  if (disksReady(observed)) return verdict('Starting', 'Starting', 'The machine is starting.');
  const { reason, message } = disksCondition(observed);
  return verdict('Starting', reason, message);
}

/** Whether the guest of this incarnation is off for good, whatever is left of it in the cluster. */
export function hasEnded({ phase }: ObservedMachine): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

function verdict(phase: VmPhase, reason: string, message: string): PhaseVerdict {
  return { phase, reason, message };
}

function failed(failure: FailureReport): PhaseVerdict {
  return { phase: 'Failed', reason: failure.code, message: failure.message, failure };
}
