/** The failures of all kinds in one place; pages and documents are made of it. A new kind does not compile without its own. */
import type { Kind } from '../resource.ts';
import { DISK_FAILURES, type DiskFailureCode } from './disk-failures.ts';
import type { FailureEntry } from './failure-entry.ts';
import { VM_FAILURES, type VmFailureCode } from './vm-failures.ts';

export type FailureCode = DiskFailureCode | VmFailureCode;

export const FAILURES_OF: Readonly<Record<Kind, Readonly<Record<string, FailureEntry>>>> = {
  VMInstance: VM_FAILURES,
  VMDisk: DISK_FAILURES,
};

export interface CataloguedFailure extends FailureEntry {
  readonly code: string;
  readonly kind: Kind;
}

/** Every failure that a resource can have, in the order of the tables. */
export const FAILURE_CATALOGUE: readonly CataloguedFailure[] = Object.entries(FAILURES_OF).flatMap(([kind, entries]) =>
  Object.entries(entries).map(([code, entry]) => ({ code, kind: kind as Kind, ...entry })),
);
