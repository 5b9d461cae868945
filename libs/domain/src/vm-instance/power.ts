/** What a request for power makes of a machine's wishes (see `intent.ts`), and which requests make no sense. Pure. */
import { Fault } from '../fault.ts';
import type { VmIntent } from './intent.ts';
import { runStrategyOf, type VmInstance, type VmInstanceSpec } from './vm-instance.ts';

/** How long a guest may take to shut down, unless less is asked for. Machines are started with it: none gets more. */
export const GUEST_GRACE_SECONDS = 30;

export const POWER_VERBS = ['start', 'stop', 'restart', 'pause', 'unpause'] as const;
export type PowerVerb = (typeof POWER_VERBS)[number];

/** What a user asks of a machine's power. `graceSeconds` 0 ends the guest without asking it. */
export type PowerRequest =
  | { readonly do: 'start' | 'pause' | 'unpause' }
  | { readonly do: 'stop' | 'restart'; readonly graceSeconds?: number };

/** Which requests that are still on their way come to nothing when this one is accepted. */
export const OVERTAKES: Readonly<Record<PowerVerb, readonly PowerVerb[]>> = {
  start: ['stop', 'pause'],
  stop: ['start', 'restart', 'pause', 'unpause'],
  restart: ['pause'],
  pause: ['unpause'],
  unpause: ['pause'],
};

/** What an edit of the spec asks of a machine's power; undefined when it stays on or off. */
export function powerOfEdit(before: VmInstanceSpec, after: VmInstanceSpec): 'start' | 'stop' | undefined {
  if (isOff(before) === isOff(after)) return undefined;
  return isOff(after) ? 'stop' : 'start';
}

/** The intent after a new spec, or after a request that came with it. Throws `WrongPowerState`; undefined is no wish. */
export function intentAfter(
  vm: VmInstance,
  spec: VmInstanceSpec,
  request: PowerRequest | undefined,
): VmIntent | undefined {
  const asked = vm.generation + 1;
  const kept = keptBy(spec, vm.intent ?? {});
  const next = request === undefined ? kept : RULES[request.do]({ vm, spec, intent: kept, asked, request });
  return Object.keys(next).length === 0 ? undefined : next;
}

interface Case {
  readonly vm: VmInstance;
  /** As it will be. */
  readonly spec: VmInstanceSpec;
  /** What of the present wishes the spec leaves. */
  readonly intent: VmIntent;
  readonly asked: number;
  readonly request: PowerRequest;
}

const RULES: Readonly<Record<PowerVerb, (situation: Case) => VmIntent>> = { start, stop, restart, pause, unpause };

/** A machine that is to be off has nothing to pause or to replace; one that is to run is not being stopped. */
function keptBy(spec: VmInstanceSpec, intent: VmIntent): VmIntent {
  const { stopped, ...others } = intent;
  if (!isOff(spec)) return others;
  return stopped === undefined ? {} : { stopped };
}

function start({ vm, spec, intent, asked }: Case): VmIntent {
  const { paused, ...rest } = intent;
  const isPaused = paused !== undefined || vm.phase === 'Paused';
  if (isPaused) return { ...rest, resumed: { asked } };
  const staysOn = !isOff(vm.spec) && !isOff(spec);
  if (staysOn && endsForGood(vm) && !isRenewing(vm))
    return { ...rest, renewed: { asked, graceSeconds: GUEST_GRACE_SECONDS } };
  return intent;
}

/** What is leaving under any strategy but Always is not replaced by the cluster itself. */
function endsForGood({ phase, spec }: VmInstance): boolean {
  return phase === 'Stopped' || (phase === 'Stopping' && runStrategyOf(spec) !== 'Always');
}

/** A stop that is under way can be hurried, not slowed down. */
function stop({ vm, intent, asked, request }: Case): VmIntent {
  const graceSeconds = graceOf(request);
  const isUnderWay = isOff(vm.spec);
  const present = isUnderWay ? (intent.stopped?.graceSeconds ?? GUEST_GRACE_SECONDS) : GUEST_GRACE_SECONDS;
  if (graceSeconds >= present || (isUnderWay && vm.phase === 'Stopped')) return intent;
  return { stopped: { asked, graceSeconds } };
}

/** One that is asked for while another has not happened yet joins it: the machine is replaced once. */
function restart({ vm, spec, intent, asked, request }: Case): VmIntent {
  if (isOff(spec)) throw wrongState(vm, 'is to be off: there is nothing to restart. Start it instead.');
  const pending = isRenewing(vm) ? intent.renewed : undefined;
  if (vm.phase === 'Stopped' && !pending) throw wrongState(vm, 'does not run: its guest has ended. Start it instead.');
  const graceSeconds = Math.min(graceOf(request), pending?.graceSeconds ?? GUEST_GRACE_SECONDS);
  return { renewed: { asked: pending?.asked ?? asked, graceSeconds } };
}

function pause({ vm, spec, intent, asked }: Case): VmIntent {
  if (isOff(spec)) throw wrongState(vm, 'is to be off: only a machine that runs can be paused.');
  const isRefused = vm.status.power?.refused?.asked === intent.paused?.asked;
  if (intent.paused !== undefined && !isRefused) return intent;
  const runs = vm.phase === 'Running' || vm.phase === 'Migrating' || vm.phase === 'Paused';
  if (!runs) throw wrongState(vm, `is ${vm.phase}: only a machine that runs can be paused.`);
  const { resumed: _overtaken, ...rest } = intent;
  return { ...rest, paused: { asked } };
}

function unpause({ vm, intent, asked }: Case): VmIntent {
  const { paused, ...rest } = intent;
  const isPaused = paused !== undefined || vm.phase === 'Paused';
  return isPaused && !isOff(vm.spec) ? { ...rest, resumed: { asked } } : intent;
}

/** Whether a replacement is asked for that has not happened yet. */
export function isRenewing({ intent, status }: Pick<VmInstance, 'intent' | 'status'>): boolean {
  const { renewed } = intent ?? {};
  if (renewed === undefined || status.power?.refused?.asked === renewed.asked) return false;
  const known = status.power?.renewal;
  return known?.asked !== renewed.asked || known.over !== true;
}

function graceOf(request: PowerRequest): number {
  const given = 'graceSeconds' in request ? request.graceSeconds : undefined;
  return Math.min(given ?? GUEST_GRACE_SECONDS, GUEST_GRACE_SECONDS);
}

function isOff(spec: VmInstanceSpec): boolean {
  return runStrategyOf(spec) === 'Halted';
}

function wrongState({ kind, name }: VmInstance, why: string): Fault {
  return new Fault('WrongPowerState', `${kind} '${name}' ${why}`, { resource: { kind, name } });
}
