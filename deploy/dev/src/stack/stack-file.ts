/**
 * `stack.json`: what scripts read to find a running stack. Written when everything answers, removed at stop.
 *
 * A reader could break: the file is replaced by a rename, so nobody sees half of it, and changed under a lock, because
 * `npm run worker` and `npm run api` add themselves from processes of their own.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isAlive } from '../process/stale-process.ts';
import { withFileLock } from './file-lock.ts';
import type { StateFolder } from './state-folder.ts';

export interface StackFile {
  readonly rest: string;
  /** host:port, as gRPC clients take it. */
  readonly grpc: string;
  readonly docs: string;
  readonly metrics: readonly string[];
  /** The address in `metrics` of each service process. */
  readonly metricsOf: Readonly<Record<string, string>>;
  readonly project: string;
  readonly apiKey: string;
  readonly adminKey: string;
  /** Where kubectl is answered; absent together with `kubeconfig`. */
  readonly kube?: string;
  /** For kubectl against our own API; absent when that face does not answer. */
  readonly kubeconfig?: string;
  readonly cluster: { readonly kubeconfig: string; readonly control?: string };
  /** Where the small images are served, with a slash at the end. */
  readonly images: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly logs: string;
  readonly pids: StackPids;
}

/** Parts that were given from outside (DATABASE_URL, REDIS_URL, KUBECONFIG) have no process here. */
export interface StackPids {
  readonly api: readonly number[];
  readonly worker: readonly number[];
  readonly postgres?: number;
  readonly redis?: number;
  readonly cluster?: number;
}

export type ServiceName = 'api' | 'worker';

/** The stack of a folder, or undefined when none runs. */
export function readStackFile(folder: Pick<StateFolder, 'stackFile'>): StackFile | undefined {
  if (!existsSync(folder.stackFile)) return undefined;
  return JSON.parse(readFileSync(folder.stackFile, 'utf8')) as StackFile;
}

export function writeStackFile(folder: Pick<StateFolder, 'stackFile'>, stack: StackFile): void {
  const partial = `${folder.stackFile}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(stack, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(partial, folder.stackFile);
}

export function removeStackFile(folder: StateFolder): void {
  rmSync(folder.stackFile, { force: true });
}

/** Removes what a process leaves beside the file that was killed while it changed it: its lock and half a file. */
export function removeStackFileRemains(folder: StateFolder): void {
  if (!existsSync(folder.path)) return;
  const name = basename(folder.stackFile);
  const remains = readdirSync(folder.path).filter(
    (entry) => entry.startsWith(`${name}.`) && /^(lock|\d+)$/.test(entry.slice(name.length + 1)),
  );
  for (const entry of remains) rmSync(join(folder.path, entry), { force: true });
}

/** Changes the file when there is one; does nothing when the stack has gone meanwhile. */
export async function changeStackFile(folder: StateFolder, change: (stack: StackFile) => StackFile): Promise<void> {
  await withFileLock(`${folder.stackFile}.lock`, () => {
    const stack = readStackFile(folder);
    if (stack === undefined) return;
    const changed = change(stack);
    if (JSON.stringify(changed) !== JSON.stringify(stack)) writeStackFile(folder, changed);
  });
}

/** Adds a service process with its metrics address. */
export function withService(stack: StackFile, service: ServiceName, pid: number, metrics: string): StackFile {
  const pids = { ...stack.pids, [service]: [...stack.pids[service], pid] };
  return withMetricsOf({ ...stack, pids, metricsOf: { ...stack.metricsOf, [pid]: metrics } });
}

/** Takes a service process out, with its metrics address. */
export function withoutService(stack: StackFile, service: ServiceName, pid: number): StackFile {
  const pids = { ...stack.pids, [service]: stack.pids[service].filter((other) => other !== pid) };
  return withMetricsOf({ ...stack, pids });
}

/** Takes out the service processes that have ended without saying so. */
export function withoutDeadServices(stack: StackFile): StackFile {
  const pids = { ...stack.pids, api: stack.pids.api.filter(isAlive), worker: stack.pids.worker.filter(isAlive) };
  return withMetricsOf({ ...stack, pids });
}

/** Processes and addresses go together, so that nobody scrapes what has ended. */
function withMetricsOf(stack: StackFile): StackFile {
  const known = Object.entries(stack.metricsOf).filter(([pid]) => isService(stack.pids, Number(pid)));
  return { ...stack, metricsOf: Object.fromEntries(known), metrics: known.map(([, metrics]) => metrics).sort() };
}

function isService({ api, worker }: StackPids, pid: number): boolean {
  return api.includes(pid) || worker.includes(pid);
}
