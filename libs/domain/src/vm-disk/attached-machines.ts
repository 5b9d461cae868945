/** To which machines a disk is attached, as its status tells: those that really have it come before those that want it. */
export interface DiskClaims {
  /** Several machines may have an optical disk. */
  readonly optical: boolean;
  /** Names of the machines that have it in the cluster, or will have it when they start. */
  readonly heldBy: readonly string[];
  /** Names of the machines whose spec names it. */
  readonly namedBy: readonly string[];
}

/** Sorted names. A machine that still waits for the disk of another one is not attached to it. */
export function attachedMachines({ optical, heldBy, namedBy }: DiskClaims): string[] {
  const all = !optical && heldBy.length > 0 ? heldBy : [...heldBy, ...namedBy];
  return [...new Set(all)].sort();
}
