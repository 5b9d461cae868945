/**
 * Which ports a stack uses: those of its last start, else the ones that the documents name (for the default folder),
 * else free ones.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { freePort } from '../process/ports.ts';
import type { StateFolder } from './state-folder.ts';

export interface StackPorts {
  readonly rest: number;
  readonly grpc: number;
  readonly kube: number;
  readonly workerMetrics: number;
  readonly cluster: number;
  readonly clusterControl: number;
  readonly images: number;
  readonly postgres: number;
  readonly redis: number;
}

/** Only the stack of the default folder asks for these; a second stack beside it takes free ports at once. */
const DOCUMENTED: StackPorts = {
  rest: 8080,
  grpc: 9090,
  kube: 8443,
  workerMetrics: 9464,
  cluster: 6480,
  clusterControl: 6481,
  images: 8081,
  postgres: 15_432,
  redis: 16_379,
};

/** Chooses the ports and remembers them for the next start. */
export async function choosePorts(folder: StateFolder): Promise<StackPorts> {
  const preferred = { ...(folder.isDefault ? DOCUMENTED : {}), ...remembered(folder) };
  const chosen = new Map<string, number>();
  for (const name of Object.keys(DOCUMENTED)) {
    chosen.set(name, await freePort(preferred[name as keyof StackPorts], new Set(chosen.values())));
  }
  const ports = Object.fromEntries(chosen) as unknown as StackPorts;
  writeFileSync(folder.portsFile, `${JSON.stringify(ports, undefined, 2)}\n`);
  return ports;
}

function remembered(folder: StateFolder): Partial<StackPorts> {
  if (!existsSync(folder.portsFile)) return {};
  return JSON.parse(readFileSync(folder.portsFile, 'utf8')) as Partial<StackPorts>;
}
