/**
 * Samples what machines use: one list of the cluster's metrics API for all of them, one query of Prometheus where there is
 * one, one write. One worker does it at a time; a second one for an instant would write the same rows.
 *
 * A reader could break: what was not measured is not written. A Prometheus that is away costs network and disk of that
 * sample, never the rest.
 */
import type { MachineUsage } from '@compute/cluster';
import { LEVEL_MS, type PerformanceLevel } from '@compute/domain';
import type { PerformanceRecords, PerformanceSample } from '@compute/store';
import { type LeadershipPort, LeaderTask } from '../clock/leader-task.ts';
import { machineKey, type Traffic } from './prometheus-figures.ts';

/** A cluster without a metrics API is asked again now and then: it may get one. */
const MAX_BACKOFF_MS = 5 * 60_000;
const ROLL_EVERY_MS = 5 * 60_000;

export interface SamplerStore extends LeadershipPort {
  readonly performance: Pick<PerformanceRecords, 'write' | 'roll' | 'drop'>;
}

export interface SamplerOptions {
  readonly store: SamplerStore;
  readonly cluster: { machineUsage(): Promise<readonly MachineUsage[]> };
  readonly everyMs: number;
  /** Absent: nobody measures network and disk. */
  readonly readTraffic?: () => Promise<ReadonlyMap<string, Traffic>>;
  readonly onSampled: (machines: number) => void;
  readonly onError: (name: string, error: unknown) => void;
}

export function createSampler(options: SamplerOptions): LeaderTask {
  const { store, cluster, everyMs, onSampled, onError } = options;
  const step = async (): Promise<'done'> => {
    const [usage, traffic] = await Promise.all([cluster.machineUsage(), trafficNow(options)]);
    await store.performance.write(usage.map((machine) => sampleOf(machine, traffic)));
    await store.performance.roll('minute');
    onSampled(usage.length);
    return 'done';
  };
  return new LeaderTask(store, { name: 'sampler', everyMs, maxBackoffMs: MAX_BACKOFF_MS, step, onError });
}

export type RetentionDays = Readonly<Record<PerformanceLevel, number>>;

export interface RollupOptions {
  readonly store: SamplerStore;
  readonly retentionDays: RetentionDays;
  readonly onError: (name: string, error: unknown) => void;
}

/** Minutes become hours and days, and what is older than its level's retention goes. */
export function createRollup({ store, retentionDays, onError }: RollupOptions): LeaderTask {
  const daysAgo = (days: number): Date => new Date(Date.now() - days * LEVEL_MS.day);
  const step = async (): Promise<'done'> => {
    await store.performance.roll('hour');
    await store.performance.roll('day');
    const { sample, minute, hour, day } = retentionDays;
    const before = { sample: daysAgo(sample), minute: daysAgo(minute), hour: daysAgo(hour), day: daysAgo(day) };
    await store.performance.drop(before);
    return 'done';
  };
  return new LeaderTask(store, { name: 'performance rollup', everyMs: ROLL_EVERY_MS, step, onError });
}

async function trafficNow({ readTraffic, onError }: SamplerOptions): Promise<ReadonlyMap<string, Traffic>> {
  try {
    return (await readTraffic?.()) ?? new Map();
  } catch (error) {
    onError('sampler traffic', error);
    return new Map();
  }
}

function sampleOf(
  { uid, at, namespace, name, cpuCores, memoryBytes }: MachineUsage,
  traffic: ReadonlyMap<string, Traffic>,
): PerformanceSample {
  return { uid, at, figures: { cpuCores, memoryBytes, ...traffic.get(machineKey(namespace, name)) } };
}
