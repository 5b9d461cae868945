/**
 * What a machine's volumes say about its DataVolumes and claims.
 *
 * Decides whether a pod may be created and feeds three of the sixteen printable statuses. All of it looks only at objects that
 * exist: a DataVolume that is absent is skipped, never an error, exactly as upstream does.
 */
import { conditionOf, hasCondition } from './conditions.ts';
import type { Condition, DataVolume, PersistentVolumeClaim, VirtualMachineInstance, VolumeSpec } from './objects.ts';
import { claimNameOf, controllerOf, isHotpluggable } from './objects.ts';

/** Read access to the DataVolumes and claims of one namespace. */
export interface VolumeLookup {
  dataVolume(name: string): DataVolume | undefined;
  claim(name: string): PersistentVolumeClaim | undefined;
}

const IMPORTER_ERRORS: readonly string[] = ['Error', 'ImagePullFailed'];
const PROVISIONED_PHASES: readonly string[] = ['Succeeded', 'PendingPopulation'];

/** Whether a DataVolume of the machine is Failed, or its importer stopped with an error. */
export function hasDataVolumeError(volumes: readonly VolumeSpec[], lookup: VolumeLookup): boolean {
  return referenced(volumes, lookup).some((dataVolume) => {
    if (dataVolume.status?.phase === 'Failed') return true;
    const running = conditionOf(dataVolume.status?.conditions, 'Running');
    return running?.status === 'False' && IMPORTER_ERRORS.includes(running.reason ?? '');
  });
}

/** Whether a DataVolume of the machine is still being filled. An unbound WaitForFirstConsumer one is not. */
export function hasProvisioningDataVolume(volumes: readonly VolumeSpec[], lookup: VolumeLookup): boolean {
  return referenced(volumes, lookup).some((dataVolume) => {
    const phase = dataVolume.status?.phase ?? '';
    if (PROVISIONED_PHASES.includes(phase)) return false;
    return phase !== 'WaitForFirstConsumer' || hasCondition(dataVolume.status?.conditions, 'Bound', 'True');
  });
}

/** Whether a claim of the machine exists and is not Bound. */
export function hasUnboundClaim(volumes: readonly VolumeSpec[], lookup: VolumeLookup): boolean {
  return volumes.some((volume) => {
    const name = claimNameOf(volume);
    const claim = name === undefined ? undefined : lookup.claim(name);
    return claim !== undefined && claim.status?.phase !== 'Bound';
  });
}

export type VolumesReadiness =
  | { kind: 'ready' }
  | { kind: 'waiting' }
  /** A temporary pod must be scheduled so that a WaitForFirstConsumer claim gets its node. */
  | { kind: 'first-consumer' }
  | { kind: 'missing-claim'; claimName: string };

/**
 * Whether the VMI's pod may be created. The first claim that is missing wins over everything after it. Volumes that come
 * while the machine runs hold nothing back, unless they are what is asked for.
 */
export function volumesReadiness(
  volumes: readonly VolumeSpec[],
  lookup: VolumeLookup,
  withHotpluggable = false,
): VolumesReadiness {
  let ready = true;
  let firstConsumer = false;
  for (const volume of volumes) {
    const name = claimNameOf(volume);
    if (name === undefined || (!withHotpluggable && isHotpluggable(volume))) continue;
    const claim = lookup.claim(name);
    if (claim === undefined) return { kind: 'missing-claim', claimName: name };
    const phase = populationPhase(claim, lookup);
    const waitsForConsumer = phase === 'WaitForFirstConsumer';
    firstConsumer ||= waitsForConsumer;
    ready &&= waitsForConsumer || phase === undefined || PROVISIONED_PHASES.includes(phase);
  }
  if (!ready) return { kind: 'waiting' };
  return firstConsumer ? { kind: 'first-consumer' } : { kind: 'ready' };
}

/** The DataVolumes behind the VMI's volumes, including those found through the owner of a plain claim. */
export function dataVolumesOf(vmi: VirtualMachineInstance, lookup: VolumeLookup): DataVolume[] {
  return (vmi.spec.volumes ?? []).flatMap((volume) => {
    const name = volume.dataVolume?.name ?? owningDataVolumeName(volume, lookup);
    const found = name === undefined ? undefined : lookup.dataVolume(name);
    return found === undefined ? [] : [found];
  });
}

/** The VMI's DataVolumesReady condition, or undefined when it has no DataVolumes. False wins over Unknown. */
export function dataVolumesReadyCondition(dataVolumes: readonly DataVolume[]): Condition | undefined {
  if (dataVolumes.length === 0) return undefined;
  const statuses = dataVolumes.map((one) => conditionOf(one.status?.conditions, 'Ready')?.status ?? 'Unknown');
  if (statuses.every((status) => status === 'True')) {
    return {
      type: 'DataVolumesReady',
      status: 'True',
      reason: 'AllDVsReady',
      message: "All of the VMI's DVs are bound and ready",
      lastProbeTime: null,
      lastTransitionTime: null,
    };
  }
  return {
    type: 'DataVolumesReady',
    status: statuses.includes('False') ? 'False' : 'Unknown',
    reason: 'NotAllDVsReady',
    message: "Not all of the VMI's DVs are ready",
    lastProbeTime: null,
    lastTransitionTime: null,
  };
}

function referenced(volumes: readonly VolumeSpec[], lookup: VolumeLookup): DataVolume[] {
  return volumes.flatMap((volume) => {
    const found = volume.dataVolume === undefined ? undefined : lookup.dataVolume(volume.dataVolume.name);
    return found === undefined ? [] : [found];
  });
}

/** The phase of the DataVolume that fills the claim; undefined when no DataVolume owns it (then it counts as filled). */
function populationPhase(claim: PersistentVolumeClaim, lookup: VolumeLookup): string | undefined {
  const owner = controllerOf(claim.metadata);
  if (owner?.kind !== 'DataVolume') return undefined;
  return lookup.dataVolume(owner.name)?.status?.phase ?? '';
}

function owningDataVolumeName(volume: VolumeSpec, lookup: VolumeLookup): string | undefined {
  const claimName = volume.persistentVolumeClaim?.claimName;
  const claim = claimName === undefined ? undefined : lookup.claim(claimName);
  const owner = claim === undefined ? undefined : controllerOf(claim.metadata);
  return owner?.kind === 'DataVolume' ? owner.name : undefined;
}
