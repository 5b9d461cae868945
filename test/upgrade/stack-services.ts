/** The services of a running stack, each started from a checkout and ended by its process id. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Checkout } from './checkout.ts';

const END_WITHIN_MS = 60_000;

interface StackFile {
  readonly rest: string;
  readonly project: string;
  readonly apiKey: string;
  readonly adminKey: string;
  readonly cluster: { readonly kubeconfig: string };
  readonly logs: string;
  readonly pids: { readonly api: readonly number[]; readonly worker: readonly number[] };
  readonly metricsOf: Readonly<Record<string, string>>;
}

export interface Service {
  readonly pid: number;
  /** Where it serves HTTP; of an API, REST. */
  readonly url: string;
}

export function stackFile(folder: string): StackFile {
  return JSON.parse(readFileSync(join(folder, 'stack.json'), 'utf8')) as StackFile;
}

/** Those of one kind that run, in the order in which they came. */
export function servicesOf(folder: string, kind: 'api' | 'worker'): Service[] {
  const { pids, metricsOf } = stackFile(folder);
  return pids[kind].map((pid) => ({ pid, url: (metricsOf[String(pid)] ?? '').replace(/\/metrics$/, '') }));
}

/** Starts one more, of this checkout. */
export async function addService(checkout: Checkout, folder: string, kind: 'api' | 'worker'): Promise<Service> {
  const before = new Set(servicesOf(folder, kind).map(({ pid }) => pid));
  await checkout.stack(kind, '--detach');
  const added = servicesOf(folder, kind).find(({ pid }) => !before.has(pid));
  if (!added) throw new Error(`The ${kind} of ${checkout.name} is not in stack.json.`);
  return added;
}

/** SIGTERM, as an orchestrator ends it; waits until it is gone. */
export async function endService({ pid }: Service): Promise<void> {
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + END_WITHIN_MS;
  while (isAlive(pid)) {
    if (Date.now() > deadline) throw new Error(`Process ${pid} did not end.`);
    await pause(50);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
