/** What must be so when the load has ended, whatever was started, stopped and replaced under it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeClient, resourceKind } from '@compute/kube-client';
import { eventually } from '../survival/stage/eventually.ts';
import type { Checkout } from './checkout.ts';
import type { Doors } from './doors.ts';
import type { Load } from './load.ts';
import type { ProjectWatch } from './project-watch.ts';
import { stackFile } from './stack-services.ts';

const SETTLE_WITHIN_MS = 180_000;
const UID_LABEL = 'compute.cozystack.io/uid';

const virtualMachines = resourceKind({
  ...{ group: 'kubevirt.io', version: 'v1', kind: 'VirtualMachine' },
  ...{ plural: 'virtualmachines', namespaced: true },
});

interface Listed {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: { readonly phase: string };
}

/** Sentences about what is wrong; none when all is well. */
export async function problemsAfter(
  checkout: Checkout,
  folder: string,
  { doors, load, watches }: { doors: Doors; load: Load; watches: readonly ProjectWatch[] },
): Promise<string[]> {
  const machines = await settled(folder, doors, load);
  return [
    ...doors.counts.failures,
    ...machines.problems,
    ...(await clusterProblems(folder, machines.uids)),
    ...watches.flatMap((watch) => [...watch.problems, ...missingIn(watch, load)]),
    ...(await ledgerProblems(checkout, folder)),
    ...errorsInLogs(stackFile(folder).logs),
  ];
}

/** Waits until every machine that is wished runs and every other one is gone. */
async function settled(folder: string, doors: Doors, load: Load): Promise<{ problems: string[]; uids: string[] }> {
  const { project } = stackFile(folder);
  const wished = [...load.wished.keys()].sort();
  let last: Listed[] = [];
  const isSettled = async (): Promise<true | undefined> => {
    last = await everyItem(doors, `/v1/projects/${project}/vm-instances`);
    const running = last.filter(({ status }) => status.phase === 'Running').map(({ metadata }) => metadata.name);
    return last.length === wished.length && running.sort().join() === wished.join() ? true : undefined;
  };
  const problems = await eventually('what users wished', SETTLE_WITHIN_MS, isSettled).then(
    () => [],
    () => differences(wished, last),
  );
  return { problems, uids: last.map(({ metadata }) => metadata.uid) };
}

function differences(wished: readonly string[], there: readonly Listed[]): string[] {
  const phases = new Map(there.map(({ metadata, status }) => [metadata.name, status.phase]));
  const missing = wished.filter((name) => phases.get(name) !== 'Running');
  const superfluous = [...phases.keys()].filter((name) => !wished.includes(name));
  return [
    ...missing.map((name) => `${name} is ${phases.get(name) ?? 'not there'} instead of Running`),
    ...superfluous.map((name) => `${name} was deleted and is ${phases.get(name)}`),
  ];
}

async function everyItem(doors: Doors, path: string): Promise<Listed[]> {
  const items: Listed[] = [];
  let token = '';
  do {
    const page = await doors.call<{ items: Listed[]; nextPageToken?: string }>('GET', `${path}?pageSize=500${token}`);
    items.push(...(page?.items ?? []));
    token = page?.nextPageToken ? `&pageToken=${page.nextPageToken}` : '';
  } while (token !== '');
  return items;
}

/** One VirtualMachine for each row, and none besides. */
async function clusterProblems(folder: string, rows: readonly string[]): Promise<string[]> {
  const client = KubeClient.fromKubeconfigFile(stackFile(folder).cluster.kubeconfig);
  try {
    const { items } = await client.list(virtualMachines, { labelSelector: UID_LABEL });
    const found = items.map(({ metadata }) => metadata.labels?.[UID_LABEL] ?? '');
    return [
      ...rows.filter((uid) => !found.includes(uid)).map((uid) => `the cluster has no machine of the row ${uid}`),
      ...found.filter((uid) => !rows.includes(uid)).map((uid) => `the cluster has a machine of no row, ${uid}`),
      ...found.filter((uid, index) => found.indexOf(uid) !== index).map((uid) => `two machines of the row ${uid}`),
    ];
  } finally {
    await client.close();
  }
}

/** Every machine was told as added once, and as deleted once when it was. */
function missingIn({ seen }: ProjectWatch, load: Load): string[] {
  const times = (name: string, type: string): number => (seen.get(name) ?? []).filter((one) => one === type).length;
  const expect = (name: string, type: string): string[] =>
    times(name, type) === 1 ? [] : [`a watch told ${type} of ${name} ${times(name, type)} times`];
  return [
    ...[...load.wished.keys(), ...load.deleted.map(({ vm }) => vm)].flatMap((name) => expect(name, 'ADDED')),
    ...load.deleted.flatMap(({ vm }) => expect(vm, 'DELETED')),
  ];
}

/** Quota and usage, counted a second time. */
async function ledgerProblems(checkout: Checkout, folder: string): Promise<string[]> {
  const commands = [['recount'], ['audit', '--all'], ['orphans']];
  const problems: string[] = [];
  for (const args of commands) {
    const { code, json } = await checkout.operate<object>(folder, args);
    if (code !== 0)
      problems.push(`operate ${args.join(' ')} ended with ${code}: ${JSON.stringify(json).slice(0, 500)}`);
  }
  return problems;
}

/** Errors that a service wrote are told, whoever met them. */
function errorsInLogs(logs: string): string[] {
  return readdirSync(logs)
    .filter((file) => /^(api|worker)/.test(file))
    .flatMap((file) =>
      readFileSync(join(logs, file), 'utf8')
        .split('\n')
        .filter((line) => /"level":"(error|fatal)"/.test(line))
        .map((line) => `${file}: ${line.slice(0, 300)}`),
    );
}
