/**
 * What must hold of a project at rest, whatever happened to it before. Each check answers with sentences of what is
 * wrong, so that a broken run says everything at once.
 */
import {
  type AnyResource,
  parseQuantityMib,
  runStrategyOf,
  type Transition,
  type VmDisk,
  type VmInstance,
} from '@compute/domain';
import type { HistoryQuery, Store } from '@compute/store';
import { type OwnedKind, type OwnedObject, ownedObjects, truthOf } from './stage/cluster-truth.ts';
import type { Stage } from './stage/stage.ts';
import { ledgerProblems } from './usage-invariants.ts';

const PAGE = 1_000;

/** Everything that is wrong with a project whose rows are all settled. */
export async function problemsOf(stage: Stage, project: string): Promise<string[]> {
  const { store, simulator } = stage;
  const namespace = (await store.project(project))?.namespace ?? project;
  const rows = await rowsOf(store, project);
  const owned = ownedObjects(simulator, namespace);
  const history = await historyOf(store, project);
  return [
    ...rows.flatMap(unsettled),
    ...objectProblems(rows, owned),
    ...(await quotaProblems(store, project)),
    ...historyProblems(rows, history),
    ...doubledObjects(stage, namespace, history),
    ...(await ledgerProblems(stage, { project, namespace, rows, history })),
  ].map((problem) => `${project}: ${problem}`);
}

export async function rowsOf(store: Store, project: string): Promise<AnyResource[]> {
  const [disks, machines] = await Promise.all([
    store.list({ kind: 'VMDisk', project, limit: PAGE }),
    store.list({ kind: 'VMInstance', project, limit: PAGE }),
  ]);
  return [...disks.items, ...machines.items];
}

/** Every transition of the project, charges among them, oldest first within each resource. */
export async function historyOf(store: Store, project: string): Promise<Transition[]> {
  const pages = await Promise.all([linesOf(store, { project }), linesOf(store, { project, type: 'Charge' })]);
  return pages.flat().sort((a, b) => a.seq - b.seq);
}

async function linesOf(store: Store, of: Pick<HistoryQuery, 'project' | 'type'>): Promise<Transition[]> {
  const all: Transition[] = [];
  let after: string | undefined;
  do {
    const page = await store.history({ ...of, limit: PAGE, ...(after === undefined ? {} : { after }) });
    all.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return all;
}

function unsettled(row: AnyResource): string[] {
  const { name, phase, status, generation, deletionRequestedAt } = row;
  const isSeen = status.observedGeneration === generation && deletionRequestedAt === undefined;
  const diskMoves = phase === 'Pending' || phase === 'Importing' || phase === 'Resizing';
  const waits = row.kind === 'VMInstance' ? isUnderWay(row) : diskMoves;
  return isSeen && !waits ? [] : [`${name} is not settled: ${phase} at ${generation}, ${JSON.stringify(status)}`];
}

/** A machine whose disks are not there waits for its user, not for the worker. */
function isUnderWay({ phase, status }: VmInstance): boolean {
  const isApplied = status.conditions.find(({ type }) => type === 'SpecApplied');
  const moves = !['Running', 'Stopped', 'Paused', 'Failed', 'Pending'].includes(phase);
  const isBeingApplied = isApplied?.status === 'False' && isApplied.reason !== 'WaitingForDisks';
  return moves || status.power?.pending === true || isBeingApplied;
}

/** The objects that a row at rest has in the cluster: no more, no less, each once. */
function wantedObjects(row: AnyResource): string[] {
  return row.kind === 'VMDisk' ? wantedOfDisk(row) : wantedOfVm(row);
}

function wantedOfDisk({ name, phase }: VmDisk): string[] {
  return phase === 'Ready' ? [`DataVolume/vm-disk-${name}`, `PersistentVolumeClaim/vm-disk-${name}`] : [];
}

function wantedOfVm({ name, phase, spec }: VmInstance): string[] {
  if (phase === 'Pending' || phase === 'Failed') return [];
  const base = `vm-instance-${name}`;
  const runs = phase !== 'Stopped';
  return [
    `VirtualMachine/${base}`,
    ...(runs ? [`VirtualMachineInstance/${base}`] : []),
    ...(spec.external ? [`Service/${base}`] : []),
    ...(spec.cloudInit === '' && spec.cloudInitSeed === '' ? [] : [`Secret/${base}-cloud-init`]),
    ...(spec.sshKeys.length > 0 ? [`Secret/${base}-ssh-keys`] : []),
  ];
}

function objectProblems(rows: readonly AnyResource[], owned: readonly OwnedObject[]): string[] {
  const known = new Set(rows.map(({ uid }) => uid));
  const orphans = owned.filter(({ row }) => !known.has(row));
  return [
    ...orphans.map(({ kind, name }) => `${kind}/${name} has no row`),
    ...rows.flatMap((row) =>
      rowProblems(
        row,
        owned.filter((one) => one.row === row.uid),
      ),
    ),
  ];
}

function rowProblems(row: AnyResource, owned: readonly OwnedObject[]): string[] {
  const wanted = wantedObjects(row).sort();
  const found = owned.map(({ kind, name }) => `${kind}/${name}`).sort();
  const differs = JSON.stringify(wanted) !== JSON.stringify(found) && row.phase !== 'Failed';
  return [
    ...(differs ? [`${row.name} (${row.phase}) has [${found}] in the cluster, not [${wanted}]`] : []),
    ...(row.kind === 'VMDisk' ? diskDifferences(row, owned) : vmDifferences(row, owned)),
  ];
}

function specIn(owned: readonly OwnedObject[], kind: OwnedKind): Record<string, unknown> | undefined {
  return owned.find((one) => one.kind === kind)?.object.spec as Record<string, unknown> | undefined;
}

function diskDifferences({ name, spec, phase }: VmDisk, owned: readonly OwnedObject[]): string[] {
  const claim = specIn(owned, 'PersistentVolumeClaim') as { resources: { requests: { storage: string } } } | undefined;
  if (claim === undefined || phase !== 'Ready') return [];
  const asked = claim.resources.requests.storage;
  return parseQuantityMib(asked) === parseQuantityMib(spec.storage)
    ? []
    : [`the claim of ${name} asks for ${asked}, not ${spec.storage}`];
}

function vmDifferences({ name, spec, phase }: VmInstance, owned: readonly OwnedObject[]): string[] {
  const vm = specIn(owned, 'VirtualMachine') as { runStrategy?: string } | undefined;
  if (vm === undefined || phase === 'Failed') return [];
  const wanted = runStrategyOf(spec);
  return vm.runStrategy === wanted ? [] : [`${name} has the run strategy ${vm.runStrategy}, not ${wanted}`];
}

async function quotaProblems(store: Store, project: string): Promise<string[]> {
  const drifts = await store.quota.recount({ repair: false });
  return drifts.filter((drift) => drift.project === project).map((drift) => `quota differs: ${JSON.stringify(drift)}`);
}

/** Replayed from its first entry, the history of each resource is one unbroken chain that ends in the present. */
export function historyProblems(rows: readonly AnyResource[], history: readonly Transition[]): string[] {
  const byUid = Map.groupBy(history, ({ uid }) => uid);
  const present = new Map(rows.map((row) => [row.uid, row]));
  return [
    ...rows.filter(({ uid }) => !byUid.has(uid)).map(({ name }) => `${name} has no history`),
    ...[...byUid].flatMap(([uid, entries]) => chainProblems(entries, present.get(uid))),
  ];
}

function chainProblems(entries: readonly Transition[], row: AnyResource | undefined): string[] {
  const problems: string[] = [];
  const state = new Map<string, string>();
  const name = entries[0]?.name ?? '';
  entries.forEach((entry, index) => {
    if (entry.seq !== index + 1) problems.push(`history of ${name} has ${entry.seq} at place ${index + 1}`);
    const before = state.get(entry.type);
    if (before !== entry.from && !(entry.type !== 'Phase' && entry.from === undefined))
      problems.push(`history of ${name}: ${entry.type} leaves ${entry.from}, but was ${before}`);
    state.set(entry.type, entry.to);
  });
  const wanted = row?.phase ?? 'Deleted';
  if (state.get('Phase') !== wanted) problems.push(`history of ${name} ends in ${state.get('Phase')}, not ${wanted}`);
  for (const { type, status } of row?.status.conditions ?? [])
    if (state.get(type) !== status) problems.push(`history of ${name}: ${type} is ${state.get(type)}, not ${status}`);
  return problems;
}

/** A row's object was made once: another of the same name is another row's. Only a disk that failed may be made again. */
function doubledObjects({ simulator }: Stage, namespace: string, history: readonly Transition[]): string[] {
  const rowsCalled = (kind: string, name: string) =>
    new Set(history.filter((entry) => entry.kind === kind && entry.name === name).map(({ uid }) => uid)).size;
  const machines = Map.groupBy(truthOf(simulator, namespace, 'vm.exists'), ({ name }) => name);
  return [...machines].flatMap(([object, intervals]) => {
    const name = object.replace(/^vm-instance-/, '');
    const uids = new Set(intervals.map(({ uid }) => uid)).size;
    const rows = rowsCalled('VMInstance', name);
    return uids <= rows ? [] : [`${object} was made ${uids} times for ${rows} rows`];
  });
}
