/**
 * Volumes that come to a machine while it runs, as virt-controller sees them: which they are, which pod brings them to
 * the node, and what the VMI's status says of each. Pure.
 *
 * A volume that was taken out of the spec keeps its status until its attachment pod is gone: until then the node still has
 * it, whatever the spec says.
 */
import { claimInfo } from './guest-status.ts';
import type { Pod, VirtualMachineInstance, VolumeSpec, VolumeStatus } from './objects.ts';
import { claimNameOf } from './objects.ts';
import type { VolumeLookup } from './volumes.ts';
import { volumesReadiness } from './volumes.ts';

export interface HotplugFacts {
  vmi: VirtualMachineInstance;
  launcher: Pod;
  /** The pods that the launcher pod controls. */
  attachmentPods: readonly Pod[];
  lookup: VolumeLookup;
}

export interface AttachmentPlan {
  /** The volumes that a new attachment pod must have; undefined when none is to be made. */
  create: readonly VolumeSpec[] | undefined;
  remove: readonly Pod[];
}

/** The volumes of the VMI that its launcher pod does not bring. */
export function hotVolumes({ vmi, launcher }: Pick<HotplugFacts, 'vmi' | 'launcher'>): VolumeSpec[] {
  const brought = new Set((launcher.spec.volumes ?? []).map(({ name }) => name));
  return (vmi.spec.volumes ?? []).filter((volume) => claimNameOf(volume) !== undefined && !brought.has(volume.name));
}

/** One pod brings all volumes of a machine: when they change another one is made, and the old one goes when it may. */
export function planAttachments(facts: HotplugFacts): AttachmentPlan {
  const ready = hotVolumes(facts).filter((volume) => volumesReadiness([volume], facts.lookup, true).kind === 'ready');
  const { current, old } = sortedPods(facts.attachmentPods, ready);
  const mustCreate = current === undefined && ready.length > 0 && !old.some(isPending);
  const isServed = current?.status?.phase === 'Running';
  const kept = isServed || ready.length === 0 ? undefined : old.find(isRunning);
  return {
    create: mustCreate ? ready : undefined,
    remove: old.filter((pod) => pod !== kept && mayGo(pod, facts.vmi)),
  };
}

/** What the VMI's status says of its volumes. Volumes that were there at boot are left as they are. */
export function nextVolumeStatus(facts: HotplugFacts): VolumeStatus[] {
  const { vmi, attachmentPods } = facts;
  const hot = hotVolumes(facts);
  const before = new Map((vmi.status?.volumeStatus ?? []).map((status) => [status.name, status]));
  const { current } = sortedPods(attachmentPods, hot);
  const named = new Set((vmi.spec.volumes ?? []).map(({ name }) => name));
  const kept = [...before.values()].filter(({ name, hotplugVolume }) => hotplugVolume === undefined && named.has(name));
  const staying = hot.map((volume) => stayingStatus(volume, before.get(volume.name), current, facts.lookup));
  const leaving = [...before.values()].flatMap((status) =>
    status.hotplugVolume === undefined || named.has(status.name) ? [] : leavingStatus(status, attachmentPods),
  );
  return [...kept, ...staying, ...leaving].sort((a, b) => a.name.localeCompare(b.name));
}

function stayingStatus(
  volume: VolumeSpec,
  before: VolumeStatus | undefined,
  pod: Pod | undefined,
  lookup: VolumeLookup,
): VolumeStatus {
  const claimName = claimNameOf(volume) ?? '';
  const claim = lookup.claim(claimName);
  const status: VolumeStatus = {
    target: '',
    ...before,
    name: volume.name,
    ...(claim === undefined ? {} : { persistentVolumeClaimInfo: claimInfo(claim) }),
  };
  if (pod === undefined) {
    if (status.phase === 'Ready') return { ...status, hotplugVolume: status.hotplugVolume ?? {} };
    return { ...status, hotplugVolume: {}, ...claimPhase(claimName, claim?.status?.phase) };
  }
  const isPodReady = pod.status?.containerStatuses?.[0]?.ready === true;
  const hotplugVolume = {
    attachPodName: pod.metadata.name,
    ...(isPodReady ? { attachPodUID: pod.metadata.uid ?? '' } : {}),
  };
  if (status.phase === 'Detaching') return { ...status, hotplugVolume, ...claimPhase(claimName, claim?.status?.phase) };
  if (!BEFORE_NODE.has(status.phase)) return { ...status, hotplugVolume };
  const message = `Created hotplug attachment pod ${pod.metadata.name}, for volume ${volume.name}`;
  return { ...status, hotplugVolume, phase: 'AttachedToNode', reason: 'SuccessfulCreate', message };
}

const BEFORE_NODE: ReadonlySet<string | undefined> = new Set([undefined, 'Bound', 'Pending']);
/** Phases in which the guest or its pod still has a volume that the spec no longer names. */
const STILL_THERE: ReadonlySet<string | undefined> = new Set(['Ready', 'MountedToPod']);

function leavingStatus(status: VolumeStatus, pods: readonly Pod[]): VolumeStatus[] {
  const pod = pods.find(({ spec }) => (spec.volumes ?? []).some(({ name }) => name === status.name));
  if (pod === undefined) return [];
  const hotplugVolume = { attachPodName: pod.metadata.name, attachPodUID: pod.metadata.uid ?? '' };
  return [{ ...status, hotplugVolume, ...(STILL_THERE.has(status.phase) ? {} : { phase: 'Detaching' as const }) }];
}

function claimPhase(name: string, phase: string | undefined): Pick<VolumeStatus, 'phase' | 'reason' | 'message'> {
  if (phase === undefined) return { phase: 'Pending', reason: 'FailedPvcNotFound', message: `PVC ${name} not found` };
  const isBound = phase === 'Bound';
  const message = isBound ? 'PVC is in phase Bound' : `PVC is in phase ${phase === 'Lost' ? 'Lost' : 'ClaimPending'}`;
  return { phase: isBound ? 'Bound' : 'Pending', reason: 'PVCNotReady', message };
}

function sortedPods(pods: readonly Pod[], volumes: readonly VolumeSpec[]): { current: Pod | undefined; old: Pod[] } {
  const wanted = volumes.map(({ name }) => name).sort();
  const matching = pods.filter((pod) => String(claimVolumes(pod)) === String(wanted));
  return {
    current: matching.find(({ metadata }) => metadata.deletionTimestamp === undefined),
    old: pods.filter((pod) => !matching.includes(pod)).reverse(),
  };
}

function claimVolumes({ spec }: Pod): string[] {
  const volumes = (spec.volumes ?? []).filter(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined);
  return volumes.map(({ name }) => name).sort();
}

const isRunning = ({ status, metadata }: Pod): boolean =>
  status?.phase === 'Running' && metadata.deletionTimestamp === undefined;
const isPending = ({ status }: Pod): boolean => !['Running', 'Succeeded', 'Failed'].includes(status?.phase ?? '');

/** A pod stays while the guest has a volume of it that nobody wants any more: virt-handler must take that out first. */
function mayGo(pod: Pod, { spec, status }: VirtualMachineInstance): boolean {
  const named = new Set((spec.volumes ?? []).map(({ name }) => name));
  const leaving = (status?.volumeStatus ?? []).filter(({ name, hotplugVolume }) => hotplugVolume && !named.has(name));
  return !claimVolumes(pod).some((volume) =>
    leaving.some(({ name, phase }) => name === volume && STILL_THERE.has(phase)),
  );
}
