/**
 * What machines use now, as the cluster's metrics API measures their pods: one list for all machines of all projects.
 *
 * A machine that does not run has no entry, nor has one whose pod is too young to be measured. While a machine moves to
 * another node it has two pods; both are its use.
 */
import { parseQuantityBytes } from '@compute/domain';
import type { KubeClient } from '@compute/kube-client';
import { type PodMetrics, podMetrics } from '../kinds.ts';
import { KIND_LABEL, NAME_LABEL, rowOf } from '../manifests/ownership.ts';

export interface MachineUsage {
  readonly uid: string;
  /** Where the machine's objects are and what it is called there, as other sources of figures name it. */
  readonly namespace: string;
  readonly name: string;
  /** When the cluster measured. */
  readonly at: Date;
  readonly cpuCores: number;
  readonly memoryBytes: number;
}

/** Throws KubeError, as a rule of status 404 or 503, when the cluster has no metrics API or it does not answer. */
export async function machineUsage(client: KubeClient): Promise<MachineUsage[]> {
  const { items } = await client.list(podMetrics, { labelSelector: `${KIND_LABEL}=VMInstance` });
  const machines = new Map<string, MachineUsage>();
  for (const pod of items) {
    const usage = usageOf(pod);
    if (usage === undefined) continue;
    const other = machines.get(usage.uid);
    machines.set(usage.uid, other === undefined ? usage : together(other, usage));
  }
  return [...machines.values()];
}

function usageOf({ metadata, timestamp, containers, ...rest }: PodMetrics): MachineUsage | undefined {
  const row = rowOf({ ...rest, metadata });
  const at = new Date(timestamp);
  if (row === undefined || Number.isNaN(at.getTime())) return undefined;
  let cpuCores = 0;
  let memoryBytes = 0;
  for (const { usage } of containers) {
    cpuCores += coresOf(usage.cpu);
    memoryBytes += bytesOf(usage.memory);
  }
  const name = metadata.labels?.[NAME_LABEL] ?? metadata.name;
  return { uid: row.uid, namespace: metadata.namespace ?? '', name, at, cpuCores, memoryBytes };
}

function together(one: MachineUsage, other: MachineUsage): MachineUsage {
  return {
    ...one,
    at: one.at > other.at ? one.at : other.at,
    cpuCores: one.cpuCores + other.cpuCores,
    memoryBytes: one.memoryBytes + other.memoryBytes,
  };
}

const CPU = /^(\d+(?:\.\d+)?)([num]?)$/;
const CPU_UNITS: Readonly<Record<string, number>> = { n: 1e9, u: 1e6, m: 1e3, '': 1 };

/** `250m`, `12345678n`, `2`; 0 for what is none of these. */
function coresOf(text: string): number {
  const [, digits, unit = ''] = CPU.exec(text) ?? [];
  return digits === undefined ? 0 : Number(digits) / (CPU_UNITS[unit] ?? 1);
}

function bytesOf(text: string): number {
  return Number(parseQuantityBytes(text) ?? 0n);
}
