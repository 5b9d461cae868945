/** What a machine was started with, from the annotation that its manifest gave it, and the size that its guest has now. */
import { type ObservedMachine, parseQuantityMib, type StartedWith } from '@compute/domain';
import type { VirtualMachineInstance } from '../kinds.ts';
import { STARTED_WITH_ANNOTATION } from '../manifests/ownership.ts';

/** Undefined on machines that say nothing of it, or in words of another version of the control plane. */
export function startedWith({ metadata }: VirtualMachineInstance): StartedWith | undefined {
  const text = metadata.annotations?.[STARTED_WITH_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    const record: unknown = JSON.parse(text);
    return isStartRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

export function guestSize({ status }: VirtualMachineInstance): ObservedMachine['size'] {
  const { sockets = 1, cores = 1, threads = 1 } = status?.currentCPUTopology ?? {};
  const memoryMib = parseQuantityMib(status?.memory?.guestCurrent ?? '');
  if (status?.currentCPUTopology === undefined || memoryMib === undefined) return undefined;
  return { vcpu: sockets * cores * threads, memoryMib };
}

const FIELDS: Readonly<Record<keyof StartedWith, (value: unknown) => boolean>> = {
  instanceType: isText,
  instanceProfile: isText,
  resources: isText,
  disks: (value) => Array.isArray(value) && value.every(isText),
  firmwareUuid: isText,
  hasKeys: isFlag,
  hasUserData: isFlag,
};

function isStartRecord(value: unknown): value is StartedWith {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Record<string, unknown>;
  return Object.entries(FIELDS).every(([field, fits]) => fits(record[field]));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isFlag(value: unknown): value is boolean {
  return typeof value === 'boolean';
}
