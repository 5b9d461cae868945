/**
 * What a guest recognises itself by, derived from names so that it survives restarts and the loss of every cache.
 *
 * cloud-init takes its instance id from the firmware's UUID: another UUID makes it run everything again on the next
 * boot. That is what a new `cloudInitSeed` is for, and why nothing else may change it.
 */
import { createHash } from 'node:crypto';
import type { VmInstance } from '@compute/domain';
import { vmObjectName } from './object-names.ts';

export interface FirmwareUuidInput {
  readonly namespace: string;
  readonly vmName: string;
  readonly seed: string;
  /** The UUID that the machine has had. It is kept when the seed is empty: clearing a seed must not rerun cloud-init. */
  readonly present?: string;
}

export function firmwareUuid({ namespace, vmName, seed, present }: FirmwareUuidInput): string {
  if (seed === '' && present !== undefined && present !== '') return present;
  const hex = createHash('sha256')
    .update(`${namespace}-${vmObjectName(vmName)}-${seed}`)
    .digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-9${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The address of a machine's interface: the one that it was adopted with, or its own. */
export function addressOf({ uid, status }: VmInstance): string {
  return status.identity?.macAddress ?? macAddress(uid);
}

/** A unicast, locally administered address. Guests match interfaces by it, so a restart must not change it. */
export function macAddress(vmUid: string): string {
  const digest = createHash('sha256').update(`mac:${vmUid}`).digest('hex');
  return ['02', ...[0, 2, 4, 6, 8].map((at) => digest.slice(at, at + 2))].join(':');
}
