/** Why a machine does not run. The codes are public, as those of disks are. */
import type { FailureReport } from '../resource.ts';
import { type FailureEntry, type FailureWords, failureReport } from './failure-entry.ts';

export const VM_FAILURES = {
  Unschedulable: {
    message: 'No node has room for a machine of this size at present.',
    cause: 'The scheduler finds no node with enough free CPU and memory.',
    remedy: 'It starts by itself as soon as there is room; a smaller instance type may start now.',
    retryable: true,
    concerns: 'operator',
  },
  HugepagesMissing: {
    message: 'No node has the kind of memory that this instance type needs.',
    cause: 'Types of the M series need huge pages, which are set aside on a node when it boots; none has enough free.',
    remedy: 'It starts by itself as soon as there are some; a type of the U series with the same size starts without.',
    retryable: true,
    concerns: 'operator',
  },
  StartFails: {
    message: 'The machine ends again and again before it runs.',
    cause: 'The process of the machine ends during its start, as with a firmware that does not fit the image.',
    remedy: 'Check that the profile fits the image (firmware, bus); starting is tried again with growing pauses.',
    retryable: true,
    concerns: 'user',
  },
  LauncherOutOfMemory: {
    message: 'The machine was killed because it exceeded the memory that it has on its node.',
    cause: 'Guest and hypervisor together used more than the limit of the pod, which a quota of the namespace may set.',
    remedy: 'It is started again by itself. A larger instance type helps at once; the limit is for the operator.',
    retryable: true,
    concerns: 'operator',
  },
  NodeLost: {
    message: 'The node that runs the machine does not answer.',
    cause: 'Nothing has been heard of the node for minutes.',
    remedy: 'It is started elsewhere once the node is known to be off; this is for the operator.',
    retryable: true,
    concerns: 'operator',
  },
  LaunchRefused: {
    message: 'The cluster refuses to start the machine.',
    cause: 'The pod of the machine was refused when it was to be created.',
    remedy: 'This is for the operator. Starting is tried again by itself.',
    retryable: true,
    concerns: 'operator',
  },
  ClusterComputeQuota: {
    message: 'The cluster has no quota left for this machine.',
    cause: "The ResourceQuota of the project's namespace refuses the pod of the machine.",
    remedy: 'This is for the operator: raise the quota of the namespace. Starting is tried again by itself.',
    retryable: true,
    concerns: 'operator',
  },
  LauncherImageMissing: {
    message: 'The platform cannot start the machine.',
    cause: "The image of KubeVirt's launcher cannot be pulled.",
    remedy: "This is for the operator: the launcher's image cannot be pulled. Starting is tried again by itself.",
    retryable: true,
    concerns: 'operator',
  },
  InstanceTypeMissing: {
    message: 'The cluster does not know the instance type of the machine.',
    cause: 'The VirtualMachineClusterInstancetype of that name does not exist in the cluster.',
    remedy: 'Choose another instance type, or ask the operator to install it.',
    retryable: true,
    concerns: 'operator',
  },
  ProfileMissing: {
    message: 'The cluster does not know the profile of the machine.',
    cause: 'The VirtualMachineClusterPreference of that name does not exist in the cluster.',
    remedy: 'Choose another profile, or ask the operator to install it.',
    retryable: true,
    concerns: 'operator',
  },
} as const satisfies Readonly<Record<string, FailureEntry>>;

export type VmFailureCode = keyof typeof VM_FAILURES;

/** The failure of a code as it stands in a machine's status. */
export function vmFailure(code: VmFailureCode, words?: FailureWords): FailureReport {
  return failureReport(code, VM_FAILURES[code], words);
}
