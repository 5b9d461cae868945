/**
 * Decides the next step for one machine: what to report, what to do, when to look again.
 *
 * Pure: the only clock is `observed.at`. Rules are ordered; the first that matches wins. The phase comes from the
 * running incarnation (its uid, phase and conditions) and from what is wanted, never from KubeVirt's printable
 * status, which flaps and lies in known ways. Disks come before machines; a machine goes before its Secrets.
 */
import type { ObservedObject } from '../plan.ts';
import type { ConditionReport } from '../resource.ts';
import type { ObservedDiskOfVm, ObservedMachine, VmAction, VmObject, VmObserved, VmRendered } from './observed.ts';
import { disksCondition, disksReady, mayLeaveOutDisks, vmCondition, waitsForOtherMachine } from './plan-conditions.ts';
import { planVmDeletion } from './plan-deletion.ts';
import { changedByHand, driftSentence } from './plan-drift.ts';
import { vmPhase } from './plan-phase.ts';
import { plugActions, pluggingSentence } from './plan-plugging.ts';
import { planPower } from './plan-power.ts';
import type { VmDetails, VmPlan, VmPlanInput } from './plan-report.ts';
import { restartAdvice, restartDetails } from './plan-restart.ts';
import { runStrategyOf, type VmConditionType, type VmDiskState, type VmInstance, type VmPhase } from './vm-instance.ts';

const SOON_MS = 5_000;
const STARTING_MS = 10_000;
const WAITING_MS = 30_000;
const SETTLED_MS = 300_000;
const PLATFORM_UPDATE_WAITS =
  'The cluster holds the spec. The platform runs new machines in another way; this one follows when it is started anew, which is not urgent.';

export function planVm(input: VmPlanInput): VmPlan {
  const { desired, observed } = input;
  const details = vmDetails(input);
  if (desired.deletionRequestedAt) return planVmDeletion(desired, observed, details);
  if (!observed.virtualMachine && !disksReady(observed)) return waitForDisks(input, details);

  const actions = vmActions(input);
  const power = planPower(input, vmPhase(input));
  const { verdict } = power;
  const isSoon = waitsForOtherMachine(observed) || power.isPending;
  return {
    outcome: 'keep',
    ...verdict,
    conditions: vmConditions(input, verdict.phase, actions),
    details: { ...details, ...power.details },
    actions: [...actions, ...power.actions],
    requeueAfterMs: isSoon ? SOON_MS : requeue(verdict.phase, actions),
  };
}

/** A disk that appears or becomes ready wakes the machines that name it, so nothing is asked of the cluster. */
function waitForDisks(input: VmPlanInput, details: VmDetails): VmPlan {
  const waiting = disksCondition(input.observed);
  return {
    outcome: 'keep',
    phase: 'Pending',
    reason: waiting.reason,
    message: waiting.message,
    conditions: [vmCondition('Ready', 'False', waiting.reason, waiting.message), waiting],
    details,
    actions: [],
    requeueAfterMs: waitsForOtherMachine(input.observed) ? SOON_MS : SETTLED_MS,
  };
}

/** What must be written so that the cluster holds what the spec renders to, in the order in which it must be there. */
export function vmActions(input: VmPlanInput): VmAction[] {
  const { desired, rendered, observed } = input;
  const actions: VmAction[] = [];
  const { service } = observed;
  const repaired = isReported(input) ? [] : changedByHand(input);
  const must = (object: VmObject) => differs(observed[object], rendered[object]) || repaired.includes(object);
  if (must('cloudInitSecret')) actions.push({ do: 'applyCloudInitSecret' });
  if (must('sshKeysSecret')) actions.push({ do: 'applySshKeysSecret' });
  const mustApplyVm = must('virtualMachine') || isPowerChangedByHand(desired, observed);
  if (mustApplyVm && mayApplyVm(input)) actions.push({ do: 'applyVirtualMachine' });
  if (must('service')) actions.push({ do: 'applyService' });
  if (service && !service.deleting && rendered.service === undefined)
    actions.push({ do: 'deleteService', uid: service.uid });
  if (!mustApplyVm) actions.push(...plugActions(observed, rendered), ...superfluousSecrets(rendered, observed));
  return observed.namespaceExists || actions.length === 0 ? actions : [{ do: 'ensureNamespace' }, ...actions];
}

/**
 * A machine that names a disk which is not ready would fail at its next start. One that is to be off starts nothing, so
 * nothing may keep it from stopping.
 */
function mayApplyVm({ desired, observed }: VmPlanInput): boolean {
  return disksReady(observed) || !wantsRunning(desired) || mayLeaveOutDisks(observed);
}

const isReported = ({ driftPolicy }: VmPlanInput): boolean => driftPolicy === 'report';

/** KubeVirt's own start and stop edit the run strategy in place, and so does its controller at times: ours is what counts. */
function isPowerChangedByHand({ spec }: VmInstance, { virtualMachine }: VmObserved): boolean {
  const found = virtualMachine?.deleting ? undefined : virtualMachine?.runStrategy;
  return found !== undefined && found !== runStrategyOf(spec);
}

/** Secrets that nothing wants any more go only when the machine in the cluster has ceased to name them. */
function superfluousSecrets(rendered: VmRendered, { cloudInitSecret, sshKeysSecret }: VmObserved): VmAction[] {
  const actions: VmAction[] = [];
  if (cloudInitSecret && !cloudInitSecret.deleting && rendered.cloudInitSecret === undefined)
    actions.push({ do: 'deleteCloudInitSecret', uid: cloudInitSecret.uid });
  if (sshKeysSecret && !sshKeysSecret.deleting && rendered.sshKeysSecret === undefined)
    actions.push({ do: 'deleteSshKeysSecret', uid: sshKeysSecret.uid });
  return actions;
}

function differs(object: ObservedObject | undefined, wantedHash: string | undefined): boolean {
  if (wantedHash === undefined) return false;
  return object === undefined || (!object.deleting && object.manifestHash !== wantedHash);
}

function vmConditions(
  input: VmPlanInput,
  phase: VmPhase,
  actions: readonly VmAction[],
): ConditionReport<VmConditionType>[] {
  const { desired, observed } = input;
  return [
    readyCondition(phase),
    disksCondition(observed),
    ...scheduledCondition(observed),
    ...exposedCondition(desired, observed),
    specCondition(input, actions),
  ];
}

function readyCondition(phase: VmPhase): ConditionReport<VmConditionType> {
  const runs = phase === 'Running' || phase === 'Migrating';
  return runs
    ? vmCondition('Ready', 'True', 'Running', 'The machine runs.')
    : vmCondition('Ready', 'False', phase, `The machine is ${phase.toLowerCase()}.`);
}

function scheduledCondition({ machine }: VmObserved): ConditionReport<VmConditionType>[] {
  if (!machine) return [];
  if (machine.nodeName) return [vmCondition('Scheduled', 'True', 'Scheduled', 'The machine has a place to run.')];
  if (machine.scheduled?.status === 'False')
    return [vmCondition('Scheduled', 'False', 'Unschedulable', 'No node has room for the machine at present.')];
  return [vmCondition('Scheduled', 'False', 'Scheduling', 'A place to run is being looked for.')];
}

function exposedCondition(desired: VmInstance, { service }: VmObserved): ConditionReport<VmConditionType>[] {
  if (!desired.spec.external) return [];
  if (service?.externalIp)
    return [vmCondition('Exposed', 'True', 'AddressAssigned', `Reachable at ${service.externalIp}.`)];
  return [vmCondition('Exposed', 'False', 'WaitingForAddress', 'No public address has been assigned yet.')];
}

function specCondition(input: VmPlanInput, actions: readonly VmAction[]): ConditionReport<VmConditionType> {
  const { rendered, observed } = input;
  if (differs(observed.virtualMachine, rendered.virtualMachine) && !mayApplyVm(input))
    return vmCondition('SpecApplied', 'False', 'WaitingForDisks', 'A disk of the new spec is not ready yet.');
  const changed = changedByHand(input);
  if (changed.length > 0)
    return vmCondition('SpecApplied', 'False', 'DriftedByHand', driftSentence(changed, !isReported(input)));
  if (actions.length > 0) return vmCondition('SpecApplied', 'False', 'Applying', 'The spec is being applied.');
  if (waitsForOtherMachine(observed))
    return vmCondition('SpecApplied', 'False', 'WaitingForDisks', disksCondition(observed).message);
  const plugging = pluggingSentence(observed);
  if (plugging !== undefined) return vmCondition('SpecApplied', 'False', 'PluggingDisks', plugging);
  return restartAdvice(input).need === 'platform'
    ? vmCondition('SpecApplied', 'True', 'PlatformUpdateWaits', PLATFORM_UPDATE_WAITS)
    : vmCondition('SpecApplied', 'True', 'Applied', 'The cluster holds the spec.');
}

function vmDetails(input: VmPlanInput): VmDetails {
  const { desired, observed } = input;
  const { machine, service } = observed;
  const internal = machine?.ips ?? [];
  const external = service?.externalIp;
  const running = machine?.phase === 'Running' && machine.phaseSince !== undefined;
  return {
    instanceType: desired.status.instanceType,
    ...(external !== undefined || internal.length > 0
      ? { addresses: { ...(external === undefined ? {} : { external }), ...(internal.length > 0 ? { internal } : {}) } }
      : {}),
    disks: observed.disks.map((disk) => diskOfStatus(disk, machine)),
    ...(machine ? { guest: guestOf(machine) } : {}),
    ...(running ? { startedAt: machine.phaseSince.toISOString() } : {}),
    ...restartDetails(input, restartAdvice(input)),
    ...(machine?.startedWith ? { startedWith: machine.startedWith } : {}),
    identity: { ...desired.status.identity, firmwareUuid: input.rendered.startsWith.firmwareUuid },
  };
}

function guestOf(machine: NonNullable<VmObserved['machine']>): NonNullable<VmDetails['guest']> {
  const { osName, hostname, agentConnected } = machine;
  return { ...(osName ? { osName } : {}), ...(hostname ? { hostname } : {}), agentConnected };
}

function diskOfStatus({ name, state }: ObservedDiskOfVm, machine: ObservedMachine | undefined): VmDiskState {
  const plug = machine?.plugs?.find((one) => one.name === name);
  const attached = plug ? plug.ready : (machine?.disks.includes(name) ?? false);
  return { name, ready: state === 'ready', attached, ...(plug ? { hotplugged: true } : {}) };
}

function requeue(phase: VmPhase, actions: readonly VmAction[]): number {
  if (actions.length > 0) return SOON_MS;
  // Nothing tells that the patience with a machine that finds no node is over.
  if (phase === 'Starting') return STARTING_MS;
  const settled = phase === 'Running' || phase === 'Stopped' || phase === 'Paused';
  return settled ? SETTLED_MS : WAITING_MS;
}

/** Whether the spec asks for a machine that is up. */
export function wantsRunning(vm: VmInstance): boolean {
  return runStrategyOf(vm.spec) !== 'Halted';
}
