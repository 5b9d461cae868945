/**
 * What virt-handler and the guest do with volumes that come and go, one step at a time: mounted into the launcher pod,
 * then given to the guest; taken from the guest, then unmounted. Pure.
 */
import type { VirtualMachineInstance, VolumeStatus } from './objects.ts';

/** Undefined when there is nothing to do for virt-handler. */
export function pluggedStatus(vmi: VirtualMachineInstance): VolumeStatus[] | undefined {
  const before = vmi.status?.volumeStatus ?? [];
  const named = new Set((vmi.spec.volumes ?? []).map(({ name }) => name));
  const after = before.map((status, index) => {
    if (status.hotplugVolume === undefined) return status;
    return named.has(status.name) ? comingStep(status, index) : goingStep(status);
  });
  return after.every((status, index) => status === before[index]) ? undefined : after;
}

function comingStep(status: VolumeStatus, index: number): VolumeStatus {
  if (status.hotplugVolume?.attachPodUID === undefined) return status;
  if (status.phase === 'AttachedToNode') {
    const message = `Volume ${status.name} has been mounted in virt-launcher pod`;
    return { ...status, phase: 'MountedToPod', reason: 'VolumeMountedToPod', message };
  }
  if (status.phase !== 'MountedToPod') return status;
  const message = `Successfully attach hotplugged volume ${status.name} to VM`;
  return { ...status, phase: 'Ready', reason: 'VolumeReady', message, target: `sd${String.fromCharCode(97 + index)}` };
}

const ON_THE_NODE: ReadonlySet<string | undefined> = new Set(['Ready', 'MountedToPod', 'AttachedToNode']);

function goingStep(status: VolumeStatus): VolumeStatus {
  if (!ON_THE_NODE.has(status.phase)) return status;
  const message = `Volume ${status.name} has been unmounted from virt-launcher pod`;
  return { ...status, target: '', phase: 'UnMountedFromPod', reason: 'VolumeUnMountedFromPod', message };
}
