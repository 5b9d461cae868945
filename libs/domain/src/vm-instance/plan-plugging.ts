/**
 * Disks that come and go while the machine runs. The manifest says what is wanted; clusters that do not follow it by
 * themselves are asked for each disk. A disk that is still leaving is never asked for again.
 */
import type { VmAction, VmObserved, VmRendered } from './observed.ts';

/** What to ask of a machine that runs, once the cluster holds the manifest. */
export function plugActions({ virtualMachine, machine }: VmObserved, rendered: VmRendered): VmAction[] {
  if (!virtualMachine || virtualMachine.deleting || virtualMachine.manifestHash !== rendered.virtualMachine) return [];
  if (machine?.phase !== 'Running' || machine.deleting) return [];
  const { disks = [], plugDisks = [] } = virtualMachine;
  const plug = plugDisks.filter((disk) => !machine.disks.includes(disk));
  const unplug = (machine.plugs ?? []).filter(({ name, leaving }) => !leaving && !disks.includes(name));
  return [
    ...plug.map((disk): VmAction => ({ do: 'plugDisk', disk })),
    ...unplug.map(({ name }): VmAction => ({ do: 'unplugDisk', disk: name })),
  ];
}

/** The disks that are on their way to or from a machine that runs, as a sentence; undefined when none is. */
export function pluggingSentence({ virtualMachine, machine }: VmObserved): string | undefined {
  if (machine?.phase !== 'Running' || machine.deleting) return undefined;
  const { plugs = [], disks } = machine;
  const coming = [
    ...(virtualMachine?.plugDisks ?? []).filter((disk) => !disks.includes(disk)),
    ...plugs.filter(({ ready, leaving }) => !ready && !leaving).map(({ name }) => name),
  ];
  const going = plugs.filter(({ leaving }) => leaving).map(({ name }) => name);
  const sentences = [
    ...coming.map((disk) => `Disk '${disk}' is being attached.`),
    ...going.map((disk) => `Disk '${disk}' is being detached.`),
  ];
  return sentences.length === 0 ? undefined : sentences.join(' ');
}
