/**
 * What the wishes about a machine's power ask for now: which actions, what of them is recorded, and which phase a user
 * reads meanwhile. Pure; the wishes themselves are made in `power.ts`.
 *
 * A renewal is anchored: the uid of the incarnation that has to go is committed before anything is done. A worker that
 * dies between commit and deed finds the same uid again, and an incarnation with another uid means that it has happened.
 * So a restart gives one new incarnation, whoever dies when. A pause is anchored on nothing: the wish belongs to the
 * machine, and an incarnation that comes instead of a paused one is paused as soon as it runs.
 */
import type { Renewal, VmIntent, VmPower } from './intent.ts';
import type { ObservedMachine, VmAction } from './observed.ts';
import { hasEnded, type PhaseVerdict } from './plan-phase.ts';
import type { VmDetails, VmPlanInput } from './plan-report.ts';
import { GUEST_GRACE_SECONDS } from './power.ts';
import { type RunStrategy, runStrategyOf, type VmInstance } from './vm-instance.ts';

export interface PowerStep {
  readonly verdict: PhaseVerdict;
  readonly details: Pick<VmDetails, 'power'>;
  /** To be done after what the spec asks for. */
  readonly actions: readonly VmAction[];
  readonly isPending: boolean;
}

/** Strategies under which no incarnation comes by itself when one has gone. */
const WAITS_FOR_START: ReadonlySet<RunStrategy> = new Set(['Manual', 'RerunOnFailure']);

/** `verdict` is the phase as the spec and the cluster alone would have it. */
export function planPower(input: VmPlanInput, verdict: PhaseVerdict): PowerStep {
  const refused = refusedWish(input.desired) ?? missedPause(input.desired, verdict);
  const wishes = openWishes(input.desired.intent ?? {}, refused?.asked);
  const renewal = nextRenewal(input, wishes.renewed, verdict);
  const isRenewing = renewal?.over === false;
  const resumed = wishes.resumed && resumedSoFar(input, wishes.resumed.asked);
  const isPausing = wishes.paused !== undefined && input.observed.machine?.paused !== true;
  const isPending = isRenewing || isPausing || (wishes.resumed !== undefined && resumed === undefined);
  const power: VmPower = {
    ...(isPending ? { pending: true } : {}),
    ...(renewal ? { renewal } : {}),
    ...(resumed === undefined ? {} : { resumed }),
    ...(refused ? { refused } : {}),
  };
  return {
    verdict: isRenewing ? verdictOfRenewal(input, renewal, verdict) : timed(input.desired, verdict),
    details: Object.keys(power).length === 0 ? {} : { power },
    actions: [
      ...(isRenewing && wishes.renewed ? renewalActions(input, renewal, wishes.renewed.graceSeconds) : []),
      ...stopActions(input, wishes),
      ...pauseActions(input, wishes, isRenewing ? renewal.replaces : undefined),
    ],
    isPending,
  };
}

/** What the row's status says when the cluster refuses an action; undefined where no wish asked for the action. */
export function powerRefusal({ intent = {} }: VmInstance, action: VmAction, words: string): VmPower['refused'] {
  const wish = wishBehind(intent, action);
  return wish && { asked: wish.asked, code: 'PowerRefused', message: `The cluster refuses it: ${words}` };
}

/** The wish of the present intent that will not come true. A stop goes on without its hurry, so it does not count. */
export function failedWish({ intent = {}, status }: Pick<VmInstance, 'intent' | 'status'>): VmPower['refused'] {
  const refused = status.power?.refused;
  return refused?.asked === intent.stopped?.asked ? undefined : refused;
}

function wishBehind(intent: VmIntent, action: VmAction) {
  switch (action.do) {
    case 'pauseMachine':
      return intent.paused;
    case 'unpauseMachine':
      return intent.resumed;
    case 'deleteMachine':
    case 'startMachine':
      return intent.renewed;
    case 'hurryMachine':
      return intent.renewed ?? intent.stopped;
    default:
      return undefined;
  }
}

function openWishes(intent: VmIntent, refused: number | undefined): VmIntent {
  return Object.fromEntries(Object.entries(intent).filter(([, wish]) => wish.asked !== refused));
}

/** A refusal stands as long as the wish that it answers. */
function refusedWish({ intent = {}, status }: VmInstance): VmPower['refused'] {
  const refused = status.power?.refused;
  return Object.values(intent).some((wish) => wish.asked === refused?.asked) ? refused : undefined;
}

/** A guest that ends for good can no longer be paused. */
function missedPause({ intent = {} }: VmInstance, { phase }: PhaseVerdict): VmPower['refused'] {
  if (intent.paused === undefined || intent.renewed !== undefined || phase !== 'Stopped') return undefined;
  return {
    asked: intent.paused.asked,
    code: 'NotRunning',
    message: 'The machine has ended: there is nothing to pause.',
  };
}

function nextRenewal({ desired, observed }: VmPlanInput, wish: VmIntent['renewed'], verdict: PhaseVerdict) {
  if (wish === undefined) return undefined;
  const known = desired.status.power?.renewal;
  const { machine } = observed;
  const { asked } = wish;
  if (known?.asked !== asked)
    return { asked, over: false, ...(machine ? { replaces: machine.uid } : {}) } satisfies Renewal;
  if (known.over) return known;
  if (machine === undefined) return known.by === undefined ? known : endedAgain(known, desired);
  if (machine.uid === known.replaces) return known;
  const hasCome = (machine.phase === 'Running' && !machine.deleting) || verdict.phase === 'Stopped';
  return { ...known, by: machine.uid, over: hasCome } satisfies Renewal;
}

/** The new incarnation came and went. Where none follows by itself, the wish has had its one start. */
function endedAgain(known: Renewal, { spec }: VmInstance): Renewal {
  return WAITS_FOR_START.has(runStrategyOf(spec)) ? { ...known, over: true } : known;
}

/** The cluster tells since when an incarnation runs, not since when it runs on: then the time of the look counts. */
function timed({ phase }: VmInstance, verdict: PhaseVerdict): PhaseVerdict {
  if (phase !== 'Paused' || verdict.phase !== 'Running') return verdict;
  const { happenedAt: _ofItsStart, ...rest } = verdict;
  return rest;
}

function verdictOfRenewal({ observed }: VmPlanInput, { replaces }: Renewal, verdict: PhaseVerdict): PhaseVerdict {
  const { machine, virtualMachine } = observed;
  const leaves = machine !== undefined && machine.uid === replaces;
  if (leaves && !hasEnded(machine))
    return { phase: 'Stopping', reason: 'Restarting', message: 'The machine is being restarted.' };
  if ((leaves || !machine) && virtualMachine && verdict.phase === 'Stopped')
    return { phase: 'Starting', reason: 'Restarting', message: 'The machine starts again.' };
  return verdict;
}

function renewalActions({ desired, observed }: VmPlanInput, renewal: Renewal, graceSeconds: number): VmAction[] {
  const { machine, virtualMachine } = observed;
  if (machine && machine.uid === renewal.replaces) {
    const { uid } = machine;
    return [...(machine.deleting ? [] : [{ do: 'deleteMachine', uid } as const]), ...hurry(machine, graceSeconds)];
  }
  const mustStart = virtualMachine && !machine && WAITS_FOR_START.has(runStrategyOf(desired.spec));
  return mustStart ? [{ do: 'startMachine' }] : [];
}

/** A guest that is paused cannot shut itself down: before an orderly stop it is let go. */
function stopActions({ desired, observed: { machine } }: VmPlanInput, { stopped }: VmIntent): VmAction[] {
  if (!machine || runStrategyOf(desired.spec) !== 'Halted') return [];
  const graceSeconds = stopped?.graceSeconds ?? GUEST_GRACE_SECONDS;
  const letGo = machine.paused && graceSeconds > 0 ? [{ do: 'unpauseMachine', uid: machine.uid } as const] : [];
  return [...letGo, ...hurry(machine, graceSeconds)];
}

// Repeated until the incarnation is gone: whether it was done is nowhere to be seen, and doing it again changes nothing.
function hurry(machine: ObservedMachine, graceSeconds: number): VmAction[] {
  if (graceSeconds >= GUEST_GRACE_SECONDS || hasEnded(machine)) return [];
  return [{ do: 'hurryMachine', uid: machine.uid, graceSeconds }];
}

function pauseActions({ desired, observed }: VmPlanInput, wishes: VmIntent, leaving: string | undefined): VmAction[] {
  const { machine } = observed;
  if (machine?.phase !== 'Running' || machine.deleting || machine.uid === leaving) return [];
  const { uid, paused, migrating } = machine;
  if (wishes.paused) return paused || migrating ? [] : [{ do: 'pauseMachine', uid }];
  const isDone = wishes.resumed?.asked === desired.status.power?.resumed;
  return wishes.resumed && !isDone && paused ? [{ do: 'unpauseMachine', uid }] : [];
}

/** The generation that asked for it, once the guest was seen to run on. */
function resumedSoFar({ desired, observed }: VmPlanInput, asked: number): number | undefined {
  const isDone = desired.status.power?.resumed === asked || observed.machine?.paused !== true;
  return isDone ? asked : undefined;
}
