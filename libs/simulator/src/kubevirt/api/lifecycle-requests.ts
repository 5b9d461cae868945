/**
 * What start, stop and restart do to a VM, or why they are refused.
 *
 * Pure: the answer is a patch of the VM (its spec or its status) or a refusal with KubeVirt's status and words. Start and stop of
 * Always, Once and Halted machines rewrite the user's run strategy; the other strategies get a request in the status.
 */
import type { StateChangeRequest, VirtualMachine, VirtualMachineInstance } from '../objects.ts';
import { isFinal, runStrategyOf } from '../objects.ts';

export interface Rejected {
  kind: 'refused';
  status: 400 | 403 | 409 | 500;
  message: string;
}

export type LifecycleOutcome =
  | Rejected
  | { kind: 'patch-spec'; patch: { runStrategy: string } | { running: boolean } }
  | { kind: 'patch-status'; requests: StateChangeRequest[] };

export interface StopOptions {
  gracePeriod?: number;
}

export interface RestartOptions {
  gracePeriodSeconds?: number;
}

type MaybeVmi = VirtualMachineInstance | undefined;

/** Start; `paused` asks for a guest that waits for unpause. */
export function startVm(vm: VirtualMachine, vmi: MaybeVmi, { paused }: { paused?: boolean }): LifecycleOutcome {
  const strategy = runStrategyOf(vm.spec);
  const phase = vmi?.status?.phase ?? '';
  if (vmi !== undefined && !isFinal(vmi) && phase !== '' && phase !== 'Unknown')
    return refused('VM is already running');
  const start: StateChangeRequest = { action: 'Start', ...(paused === true ? { data: { paused: 'true' } } : {}) };
  switch (strategy) {
    case 'Halted':
      return paused === true ? requests(vm, [start]) : setRunning(vm, true);
    case 'RerunOnFailure':
      if (vmi?.status?.phase === 'Failed')
        return refused('RerunOnFailure does not support starting VM from failed state');
      return requests(vm, vmi === undefined || !isFinal(vmi) ? [start] : [stopOf(vmi), start]);
    case 'Manual':
      return requests(vm, vmi === undefined || !isFinal(vmi) ? [start] : [stopOf(vmi), start]);
    default:
      return refused(`${strategy} does not support manual start requests`);
  }
}

/** Stop. `oldGraceSeconds` is the VMI's grace period before this call. */
export function stopVm(vm: VirtualMachine, vmi: MaybeVmi, options: StopOptions): LifecycleOutcome {
  const strategy = runStrategyOf(vm.spec);
  if (strategy === 'Always' || strategy === 'Once') return setRunning(vm, false);
  if (vmi === undefined || isFinal(vmi)) return refused('VM is not running');
  if (strategy !== 'Halted') return requests(vm, [stopOf(vmi)]);
  const oldGraceSeconds = vmi.spec.terminationGracePeriodSeconds ?? Number.POSITIVE_INFINITY;
  if (options.gracePeriod === undefined || options.gracePeriod >= oldGraceSeconds) {
    return refused('Halted only supports manual stop requests with a shorter graceperiod');
  }
  return requests(vm, [stopOf(vmi)]);
}

/** Restart: stop what runs, then start again. */
export function restartVm(vm: VirtualMachine, vmi: MaybeVmi, options: RestartOptions): LifecycleOutcome {
  const strategy = runStrategyOf(vm.spec);
  const graceSeconds = options.gracePeriodSeconds ?? 0;
  if (graceSeconds > 0) return refused('For force restart, only gracePeriod=0 is supported for now', 400);
  if (graceSeconds < 0) return refused('gracePeriod has to be greater or equal to 0', 400);
  if (strategy === 'Halted' || strategy === 'Once') {
    return refused(`RunStategy ${strategy} does not support manual restart requests`);
  }
  if (vmi === undefined) return refused('VM is not running: Halted');
  return requests(vm, [stopOf(vmi), { action: 'Start' }]);
}

function refused(message: string, status: Rejected['status'] = 409): Rejected {
  return { kind: 'refused', status, message };
}

function stopOf(vmi: VirtualMachineInstance): StateChangeRequest {
  return { action: 'Stop', ...(vmi.metadata.uid === undefined ? {} : { uid: vmi.metadata.uid }) };
}

function setRunning(vm: VirtualMachine, running: boolean): LifecycleOutcome {
  if (vm.spec.runStrategy === undefined) return { kind: 'patch-spec', patch: { running } };
  return { kind: 'patch-spec', patch: { runStrategy: running ? 'Always' : 'Halted' } };
}

/** A lone stop replaces what is pending; anything else needs an empty list. */
function requests(vm: VirtualMachine, changes: StateChangeRequest[]): LifecycleOutcome {
  const pending = vm.status?.stateChangeRequests ?? [];
  const loneStop = changes.length === 1 && changes[0]?.action === 'Stop';
  if (pending.length > 0 && !loneStop) {
    return refused('unable to complete request: stop/start already underway', 500);
  }
  return { kind: 'patch-status', requests: changes };
}
