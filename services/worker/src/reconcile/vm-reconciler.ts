/** What a VMInstance supplies to the loop. Its disks' rows are read with it: a machine waits for them. */
import type { Cluster, VmTarget } from '@compute/cluster';
import { planVm, powerRefusal, type VmAction } from '@compute/domain';
import type { Store } from '@compute/store';
import type { ProjectNamespaces } from './project-namespaces.ts';
import type { Loaded, Reconciler } from './reconciler.ts';

export interface VmScope extends Loaded<'VMInstance'> {
  readonly target: VmTarget;
}

import { applyMachine } from './apply-machine.ts';
export interface VmReconcilerPorts {
  readonly store: Pick<Store, 'load' | 'disksOfVm'>;
  readonly cluster: Pick<Cluster, 'observeVm' | 'renderVm' | 'performVmAction' | 'leftovers'>;
  readonly namespaces: ProjectNamespaces;
}

export function vmReconciler(ports: VmReconcilerPorts): Reconciler<'VMInstance', VmScope, VmAction> {
  const { cluster } = ports;
  return {
    kind: 'VMInstance',
    refusalCondition: 'SpecApplied',
    load: (uid) => loadVm(ports, uid),
    plan: ({ desired, target }) =>
      planVm({ desired, rendered: cluster.renderVm(target), observed: cluster.observeVm(target) }),
    perform: (action, { target }) =>
      action.do === 'applyVirtualMachine' ? applyMachine(ports, target) : cluster.performVmAction(action, target),
    refused: ({ desired }, plan, action, words) => {
      const refused = powerRefusal(desired, action, words);
      if (refused === undefined) return undefined;
      const { pending: _over, ...power } = plan.details.power ?? {};
      return { ...plan, actions: [], details: { ...plan.details, power: { ...power, refused } } };
    },
    leftovers: ({ desired, target }) => cluster.leftovers(desired, target.namespace),
  };
}

async function loadVm({ store, namespaces }: VmReconcilerPorts, uid: string): Promise<VmScope | undefined> {
  const loaded = await store.load(uid);
  if (loaded?.resource.kind !== 'VMInstance') return undefined;
  const { resource: desired, ...look } = loaded;
  const [namespace, disks] = await Promise.all([namespaces.of(desired.project), store.disksOfVm(uid)]);
  return { ...look, desired, target: { vm: desired, namespace, disks } };
}
