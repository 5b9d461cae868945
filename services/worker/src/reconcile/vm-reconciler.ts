/** What a VMInstance supplies to the loop. Its disks' rows are read with it: a machine waits for them. */
import type { Cluster, VmTarget } from '@compute/cluster';
import {
  type ConditionReport,
  changedByHand,
  type DriftPolicy,
  type FailureReport,
  missingEntryRefused,
  planVm,
  powerRefusal,
  type VmAction,
  type VmInstance,
  type VmObject,
  type VmPlan,
} from '@compute/domain';
import type { Store } from '@compute/store';
import { applyMachine } from './apply-machine.ts';
import { loadRow } from './load-row.ts';
import type { ProjectNamespaces } from './project-namespaces.ts';
import type { Loaded, Reconciler } from './reconciler.ts';
import { REFUSED_LOOK_MS } from './retry-policy.ts';

export interface VmScope extends Loaded<'VMInstance'> {
  readonly target: VmTarget;
  /** In a deletion: the machine runs, and the cluster has no VirtualMachine of it. */
  readonly ownerless: boolean;
}

export interface VmReconcilerPorts {
  readonly store: Pick<Store, 'load' | 'disksOfVm'>;
  readonly cluster: Pick<Cluster, 'observeVm' | 'renderVm' | 'performVmAction' | 'leftovers'>;
  readonly namespaces: ProjectNamespaces;
  readonly driftPolicy?: DriftPolicy;
  /** Hears once of each time that somebody changed a machine's objects by hand. */
  readonly onDrift?: (vm: VmInstance, changed: readonly VmObject[]) => void;
}

export function vmReconciler(ports: VmReconcilerPorts): Reconciler<'VMInstance', VmScope, VmAction> {
  const { cluster } = ports;
  return {
    kind: 'VMInstance',
    refusalCondition: 'SpecApplied',
    load: (uid) => loadVm(ports, uid),
    plan: ({ desired, target, ownerless }) => {
      const observed = { ...cluster.observeVm(target), ...(ownerless ? { ownerless } : {}) };
      const seen = { rendered: cluster.renderVm(target), observed };
      const plan = planVm({ desired, ...seen, driftPolicy: ports.driftPolicy ?? 'repair' });
      if (isDrifted(plan.conditions) && !isDrifted(desired.status.conditions))
        ports.onDrift?.(desired, changedByHand(seen));
      return plan;
    },
    perform: (action, { target }) =>
      action.do === 'applyVirtualMachine' ? applyMachine(ports, target) : cluster.performVmAction(action, target),
    refused: ({ desired }, plan, action, words) => {
      const missing = action.do === 'applyVirtualMachine' ? missingEntryRefused(words) : undefined;
      if (missing) return failedPlan(plan, missing);
      const refused = powerRefusal(desired, action, words);
      if (refused === undefined) return undefined;
      const { pending: _over, ...power } = plan.details.power ?? {};
      return { ...plan, actions: [], details: { ...plan.details, power: { ...power, refused } } };
    },
    leftovers: ({ desired, target }) => cluster.leftovers(desired, target.namespace),
  };
}

const isDrifted = (conditions: readonly ConditionReport[]): boolean =>
  conditions.some(({ reason }) => reason === 'DriftedByHand');

function failedPlan(plan: VmPlan, failure: FailureReport): VmPlan {
  const { code, message } = failure;
  const others = plan.conditions.filter(({ type }) => type !== 'SpecApplied' && type !== 'Ready');
  const conditions = (['Ready', 'SpecApplied'] as const).map(
    (type) => ({ type, status: 'False', reason: code, message }) as const,
  );
  return {
    ...plan,
    phase: 'Failed',
    reason: code,
    message,
    conditions: [...others, ...conditions],
    failure,
    actions: [],
    requeueAfterMs: REFUSED_LOOK_MS,
  };
}

async function loadVm({ store, cluster, namespaces }: VmReconcilerPorts, uid: string): Promise<VmScope | undefined> {
  const loaded = await loadRow(store, uid);
  if (loaded?.resource.kind !== 'VMInstance') return undefined;
  const { resource: desired, ...look } = loaded;
  const [namespace, disks] = await Promise.all([namespaces.of(desired.project), store.disksOfVm(uid)]);
  const target = { vm: desired, namespace, disks };
  return { ...look, desired, target, ownerless: await isOwnerless(cluster, target) };
}

/**
 * A deletion that sees a machine without its VirtualMachine asks the cluster itself, which gives one that has merely lost
 * its label the label back: the next look then deletes it, and the machine goes with it.
 */
async function isOwnerless(cluster: VmReconcilerPorts['cluster'], target: VmTarget): Promise<boolean> {
  if (target.vm.deletionRequestedAt === undefined) return false;
  const { machine, virtualMachine } = cluster.observeVm(target);
  if (machine === undefined || machine.deleting || virtualMachine !== undefined) return false;
  const left = await cluster.leftovers(target.vm, target.namespace);
  return !left.some((object) => object.startsWith('VirtualMachine/'));
}
