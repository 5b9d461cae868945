/**
 * What of a machine is in the cluster already, as far as its next manifest depends on it: an identity that must stay,
 * disks that came while it ran, and disks that it may not name yet. Pure.
 */
import { type DiskEntry, pluggedDisks, type VmObserved } from '@compute/domain';

export interface PresentVm {
  readonly firmwareUuid: string | undefined;
  /** Disks that the present manifest has as ones that come and go. They stay so over restarts. */
  readonly plugDisks: ReadonlySet<string>;
  /** What the machine that is up had at boot; undefined while none is up. */
  readonly bootDisks: ReadonlySet<string> | undefined;
  /** Disks that another machine has not let go of: named now, they would be written to from two sides at the next start. */
  readonly withheld: ReadonlySet<string>;
  /** Hashes that its Secrets bear. */
  readonly cloudInitHash?: string | undefined;
  readonly sshKeysHash?: string | undefined;
}

/** Undefined while the cluster has no VirtualMachine of the row. */
export function presentVm(observed: VmObserved, firmwareUuid: string | undefined): PresentVm | undefined {
  const { virtualMachine, machine, disks, cloudInitSecret, sshKeysSecret } = observed;
  if (!virtualMachine) return undefined;
  const isUp =
    machine !== undefined && !machine.deleting && machine.phase !== 'Succeeded' && machine.phase !== 'Failed';
  const plugs = new Set((machine?.plugs ?? []).map(({ name }) => name));
  return {
    firmwareUuid,
    plugDisks: new Set(virtualMachine.plugDisks),
    bootDisks: isUp ? new Set(machine.disks.filter((disk) => !plugs.has(disk))) : undefined,
    withheld: new Set(disks.filter(({ state }) => state === 'inUse').map(({ name }) => name)),
    cloudInitHash: cloudInitSecret?.manifestHash,
    sshKeysHash: sshKeysSecret?.manifestHash,
  };
}

/** Names of the disks that come and go while the machine runs; none of a machine that is not in the cluster yet. */
export function pluggedOf(
  entries: readonly DiskEntry[],
  optical: ReadonlySet<string>,
  present: PresentVm | undefined,
): ReadonlySet<string> {
  if (!present) return new Set();
  const { bootDisks, plugDisks } = present;
  return pluggedDisks(entries, {
    isOptical: (disk) => optical.has(disk),
    mayPlug: (disk) => (bootDisks === undefined ? plugDisks.has(disk) : !bootDisks.has(disk)),
  });
}
