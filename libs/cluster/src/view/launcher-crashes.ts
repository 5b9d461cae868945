/**
 * How the pods of machines ended that ended in failure. KubeVirt tells of a machine only that it failed; that its pod
 * was killed for want of memory stands in the pod alone, which is deleted a moment later.
 */
import type { VmObserved } from '@compute/domain';
import type { Pod } from '../kinds.ts';
import { type RowRef, rowOf } from '../manifests/ownership.ts';

const MACHINE_LABEL = 'kubevirt.io/created-by';
const MAX_REMEMBERED = 10_000;

export interface FailedPod {
  readonly row: RowRef | undefined;
  /** As the kubelet names it: `OOMKilled`, `Error`, `Evicted`. */
  readonly reason: string;
  readonly machineUid?: string;
}

export function projectFailedPod(pod: Pod): FailedPod {
  const reasons = (pod.status?.containerStatuses ?? []).map(({ state }) => state?.terminated?.reason);
  const machineUid = pod.metadata.labels?.[MACHINE_LABEL];
  return {
    row: rowOf(pod),
    reason: reasons.find((reason) => reason === 'OOMKilled') ?? pod.status?.reason ?? reasons[0] ?? 'Error',
    ...(machineUid === undefined ? {} : { machineUid }),
  };
}

/** The last crash of each machine. Lost at a restart of the worker: the row keeps what was concluded from it. */
export class LauncherCrashes {
  readonly #byVm = new Map<string, NonNullable<VmObserved['lastCrash']>>();

  remember(vmUid: string, { reason, machineUid }: FailedPod): void {
    this.#byVm.delete(vmUid);
    this.#byVm.set(vmUid, { reason, ...(machineUid === undefined ? {} : { machineUid }) });
    const [oldest] = this.#byVm.keys();
    if (this.#byVm.size > MAX_REMEMBERED && oldest !== undefined) this.#byVm.delete(oldest);
  }

  of(vmUid: string): VmObserved['lastCrash'] {
    return this.#byVm.get(vmUid);
  }
}
