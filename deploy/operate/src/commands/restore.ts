/** The way on after the database was restored from a backup while the cluster had moved on. See docs/restoring.md. */
import { type DatabaseMark, isBehind, seenOfDatabase } from '@compute/cluster';
import type { Lineage } from '@compute/store';
import { linesOfEnding } from '../adopt/adopt-orphans.ts';
import { type AdoptionPorts, CHOICE_OPTIONS, choicesOf, withAdoption } from '../adopt/adoption-call.ts';
import type { Call, Command, Report } from '../command.ts';
import { type Comparison, compareWithCluster, type PartedRow } from '../restore/compare.ts';
import { DECISION_OPTIONS, decisionsOf, undecided } from '../restore/decisions.ts';
import { nameOf, type Settlement, settle } from '../restore/settle.ts';

const CLUSTER_OPTION = {
  cluster: { takes: '<id>', about: 'the cluster of the kubeconfig, as CLUSTER_ID of its workers; without it default' },
};
const { accept, 'beyond-quota': beyondQuota } = CHOICE_OPTIONS;

export const checkRestore: Command = {
  usage: '[--cluster <id>]',
  about: 'Says whether the database is older than the cluster has seen, and in what the two have parted.',
  words: 0,
  options: CLUSTER_OPTION,
  wrongWhen: 'the database is older, or a restore was begun and not finished',
  run: (call) =>
    withAdoption(call, async (ports) => {
      const state = await stateOf(ports);
      const comparison = await compareWithCluster(ports, clusterOf(call));
      const lines = [...linesOfState(state), ...linesOfComparison(comparison)];
      return { json: { ...factsOfState(state), ...factsOf(comparison) }, lines, isWrong: mustBeFinished(state) };
    }),
};

export const finishRestore: Command = {
  usage: '[--missing …] [--edited …] [--orphans …]',
  about: 'Decides what becomes of everything that has parted since the backup, and lets the workers go on.',
  words: 0,
  options: {
    ...DECISION_OPTIONS,
    ...CLUSTER_OPTION,
    ...(accept ? { accept } : {}),
    ...(beyondQuota ? { 'beyond-quota': beyondQuota } : {}),
    'keep-held': { about: 'workers go on waiting: another cluster of the same database is to be looked at first' },
    anyway: { about: 'the database was restored although nothing shows it, as from a backup of seconds ago' },
  },
  wrongWhen: 'something was not decided, or not done: then the workers go on waiting',
  run: (call) => withAdoption(call, (ports) => finish(call, ports)),
};

async function finish(call: Call, ports: AdoptionPorts): Promise<Report> {
  const state = await stateOf(ports);
  if (!mustBeFinished(state) && !call.flag('anyway')) {
    const lines = [...linesOfState(state), 'There is nothing to finish; --anyway does it all the same.'];
    return { json: factsOfState(state), lines };
  }
  const comparison = await compareWithCluster(ports, clusterOf(call));
  const decisions = decisionsOf(call);
  const open = undecided(comparison, decisions);
  if (open.length > 0) {
    const lines = [...linesOfComparison(comparison), ...open.map((option) => `Decide with --${option}.`)];
    return { json: { ...factsOf(comparison), undecided: open }, lines, isWrong: true };
  }
  const { restores } = ports.store;
  const begun = await restores.begin(state.seen?.position ?? 0);
  const settlement = await settle(ports, comparison, decisions, choicesOf(call));
  const goesOn = settlement.mayGoOn && !call.flag('keep-held');
  if (goesOn) await restores.end();
  await ports.store.wakeAll();
  const { droppedWishes, epoch } = begun;
  return {
    json: { ...factsOf(comparison), ...settlement, epoch, droppedWishes, workersGoOn: goesOn },
    lines: [
      ...linesOfSettlement(settlement),
      `${droppedWishes} wishes about power or imports that were on their way in the backup are not repeated.`,
      goesOn ? 'The workers go on.' : 'The workers go on waiting.',
    ],
    isWrong: !settlement.mayGoOn || settlement.orphans.some(({ outcome }) => outcome === 'refused'),
  };
}

interface State {
  readonly lineage: Lineage;
  readonly seen: DatabaseMark | undefined;
}

async function stateOf({ store, client }: AdoptionPorts): Promise<State> {
  const { id } = await store.restores.lineage();
  const seen = await seenOfDatabase(client, id);
  // Asked last: workers of a database that is well move it on meanwhile.
  return { lineage: await store.restores.lineage(), seen };
}

const clusterOf = (call: Call): string => call.text('cluster') ?? 'default';
const mustBeFinished = ({ lineage, seen }: State): boolean => lineage.held || isBehind(lineage, seen);

function factsOfState(state: State) {
  const { id, epoch, position, held } = state.lineage;
  return { database: id, epoch, position, held, seen: state.seen, isOlder: isBehind(state.lineage, state.seen) };
}

function linesOfState(state: State): string[] {
  const { epoch, position, isOlder, held, seen } = factsOfState(state);
  const known = seen
    ? `the cluster has seen ${seen.epoch}/${seen.position} of it`
    : 'the cluster has not seen it before';
  return [
    `The database stands at ${epoch}/${position}; ${known}.`,
    ...(isOlder ? ['It is OLDER than that: it was restored from a backup. Workers wait.'] : []),
    ...(held ? ['A restore was begun and is not finished. Workers wait.'] : []),
  ];
}

const TITLES = {
  missing: 'had objects when the backup was made, and has none now',
  edited: 'was changed after the backup',
  filled: 'holds its data, which the backup does not know; that is taken over in any case',
  deleting: 'was being deleted, and goes on being deleted',
} as const;

function linesOfComparison({ parted, orphans }: Comparison): string[] {
  const rows = Object.entries(parted) as [keyof typeof TITLES, readonly PartedRow[]][];
  return [
    ...rows.flatMap(([parting, found]) => found.map(({ row }) => `${parting}: ${nameOf(row)} ${TITLES[parting]}`)),
    ...orphans.map(({ object, namespace, uid }) => `orphan: ${object} in ${namespace}, uid ${uid}, has no row`),
    ...rows.map(([parting, { length }]) => `${length} ${parting}`),
    `${orphans.length} orphans`,
  ];
}

function factsOf({ parted, orphans }: Comparison) {
  const named = Object.entries(parted).map(([parting, rows]) => [parting, rows.map(({ row }) => nameOf(row))]);
  return { parted: Object.fromEntries(named) as Record<keyof typeof TITLES, string[]>, orphans };
}

function linesOfSettlement({ steps, orphans }: Settlement): string[] {
  const lines = steps.map(
    ({ resource, did, failure }) => `${resource} ${failure === undefined ? did : `FAILED: ${failure}`}`,
  );
  return [...lines, ...orphans.flatMap(linesOfEnding)];
}
