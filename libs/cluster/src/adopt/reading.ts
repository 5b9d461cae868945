/** What an object in the cluster says in the words of a row, and what of it no row can say. */
import type { VmDiskSpec, VmIdentity, VmInstanceSpec } from '@compute/domain';
import type { Difference } from './differences.ts';

/** Something of an object that the row would not say. It is adopted only when an operator accepts what follows. */
export interface Loss {
  /** As it is accepted: `spec.template.spec.nodeSelector`. */
  readonly path: string;
  /** What the object says, shortened; never a secret. */
  readonly found: string;
  /** What becomes of it. */
  readonly consequence: string;
}

interface ReadingOf<Spec> {
  readonly name: string;
  readonly spec: Spec;
  readonly losses: readonly Loss[];
  /** Sentences: why it cannot be adopted, whatever is accepted. */
  readonly refusals: readonly string[];
  /** Everything in which the object and the row's manifest differ, losses and additions. */
  readonly differences: readonly Difference[];
}

export interface MachineReading extends ReadingOf<VmInstanceSpec> {
  readonly identity: VmIdentity;
}

export type DiskReading = ReadingOf<VmDiskSpec>;

const SHOWN_LENGTH = 120;

/** A value for people to read. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

/** Whether a loss is among the accepted paths, or below one of them. */
export function isAccepted({ path }: Loss, accepted: readonly string[]): boolean {
  return accepted.some((one) => path === one || path.startsWith(`${one}.`) || path.startsWith(`${one}[`));
}
