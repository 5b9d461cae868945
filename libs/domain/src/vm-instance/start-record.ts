/** What a machine of a spec would be started with: the record that a renderer writes on the machine and a planner compares. */
import { parseQuantityMib } from '../quantity.ts';
import { given } from '../quota/claims.ts';
import { bootDisks } from './disk-plugging.ts';
import type { StartedWith } from './started-with.ts';
import type { VmInstanceSpec } from './vm-instance.ts';

export interface StartFacts {
  readonly firmwareUuid: string;
  /** Names of the disks that are attached while the machine runs, see `pluggedDisks`. */
  readonly plugged: ReadonlySet<string>;
}

export function startRecord(spec: VmInstanceSpec, { firmwareUuid, plugged }: StartFacts): StartedWith {
  return {
    instanceType: spec.instanceType ?? '',
    instanceProfile: spec.instanceProfile,
    resources: given(spec.instanceType) ? '' : sizeText(spec),
    disks: bootDisks(spec.disks, plugged),
    firmwareUuid,
    hasKeys: spec.sshKeys.length > 0,
    hasUserData: spec.cloudInit !== '',
  };
}

/** `4Gi` and `4096Mi` are one size. */
function sizeText({ resources = {} }: VmInstanceSpec): string {
  const sockets = given(resources.sockets) ? resources.sockets : 1;
  return `${Number(resources.cpu)}x${Number(sockets)} ${parseQuantityMib(`${resources.memory ?? ''}`)}Mi`;
}
