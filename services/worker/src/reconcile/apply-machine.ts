/**
 * The last look before a machine's manifest goes to the cluster. Between loading a row and applying it, its user may have
 * taken a disk out of the spec, and another machine may have got it: an outdated manifest would hand that disk out twice.
 */
import type { ActionOutcome, Cluster, VmTarget } from '@compute/cluster';
import type { Store } from '@compute/store';

export interface ApplyPorts {
  readonly store: Pick<Store, 'load'>;
  readonly cluster: Pick<Cluster, 'performVmAction'>;
}

/** Applies nothing when the spec has changed: that change has woken a look of its own. */
export async function applyMachine({ store, cluster }: ApplyPorts, target: VmTarget): Promise<ActionOutcome> {
  const now = await store.load(target.vm.uid);
  if (now?.resource.specVersion !== target.vm.specVersion) return { result: 'done' };
  return cluster.performVmAction({ do: 'applyVirtualMachine' }, target);
}
