/** What a VMDisk supplies to the loop. Which machines name it is read with it, since its status tells them. */
import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '@compute/cluster';
import {
  attachedMachines,
  type DiskAction,
  type DiskPlan,
  growthRefused,
  type ImportPolicy,
  type ImportProgress,
  planDisk,
  type VmDisk,
} from '@compute/domain';
import type { Store } from '@compute/store';
import { type DiskSurroundings, type SurroundingPorts, sightingsOf, surroundingsOf } from './disk-surroundings.ts';
import { loadRow } from './load-row.ts';
import type { ProjectNamespaces } from './project-namespaces.ts';
import { type Loaded, type Reconciler, sameConditions } from './reconciler.ts';

export interface DiskScope extends Loaded<'VMDisk'>, DiskSurroundings {
  readonly namespace: string;
  /** Names of the machines whose spec names the disk. */
  readonly namedBy: readonly string[];
}

export interface DiskReconcilerPorts extends SurroundingPorts {
  readonly store: Pick<Store, 'load' | 'get' | 'vmsOfDisk'>;
  readonly cluster: Pick<Cluster, 'observeDisk' | 'performDiskAction' | 'leftovers'> & SurroundingPorts['cluster'];
  readonly namespaces: ProjectNamespaces;
  readonly importPolicy: ImportPolicy;
}

export function diskReconciler(ports: DiskReconcilerPorts): Reconciler<'VMDisk', DiskScope, DiskAction> {
  const { cluster, importPolicy: policy } = ports;
  return {
    kind: 'VMDisk',
    refusalCondition: 'Ready',
    load: (uid) => loadDisk(ports, uid),
    plan: ({ desired: disk, namespace, namedBy, ...surroundings }) => {
      const sightings = sightingsOf(ports, disk, namespace, surroundings);
      const observed = { ...cluster.observeDisk({ disk, namespace }), ...sightings };
      const attachedTo = attachedMachines({ optical: disk.spec.optical, heldBy: observed.usedByMachines, namedBy });
      return planDisk({ desired: { ...disk, status: { ...disk.status, attachedTo } }, observed, policy });
    },
    perform: (action, { desired: disk, namespace }) => cluster.performDiskAction(action, { disk, namespace }),
    refused: (_scope, plan, action, words) => (action.do === 'growClaim' ? growthRefused(plan, words) : undefined),
    leftovers: ({ desired, namespace }) => cluster.leftovers(desired, namespace),
    progressOnly: ({ desired }, plan) => importFigures(desired, plan),
  };
}

async function loadDisk(ports: DiskReconcilerPorts, uid: string): Promise<DiskScope | undefined> {
  const { store, namespaces } = ports;
  const loaded = await loadRow(store, uid);
  if (loaded?.resource.kind !== 'VMDisk') return undefined;
  const { resource: desired, ...look } = loaded;
  const [namespace, machines] = await Promise.all([
    namespaces.of(desired.project),
    store.vmsOfDisk(desired.project, desired.name),
  ]);
  const surroundings = await surroundingsOf(ports, desired, namespace);
  return { ...look, ...surroundings, desired, namespace, namedBy: machines.map(({ name }) => name) };
}

/** The figures of an import that runs, if nothing else of the row would change. */
export function importFigures(disk: VmDisk, plan: DiskPlan): ImportProgress | undefined {
  const { status, phase, generation } = disk;
  const figures = plan.details.import;
  const isQuiet =
    phase === 'Importing' && plan.phase === 'Importing' && plan.actions.length === 0 && plan.failure === undefined;
  if (!isQuiet || figures === undefined || status.failure !== undefined) return undefined;
  if (status.observedGeneration !== generation || !sameConditions(status.conditions, plan.conditions)) return undefined;
  const { import: before, ...rest } = plan.details;
  const sameRest = isDeepStrictEqual(rest.attachedTo, status.attachedTo) && rest.capacity === status.capacity;
  return sameRest && !isDeepStrictEqual(before, status.import) ? figures : undefined;
}
