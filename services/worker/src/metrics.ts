/** Fills the worker's metrics: translates what happens in the loops into figures, and nothing else. */
import type { Cluster } from '@compute/cluster';
import { KINDS, type Kind, type ResourceOf } from '@compute/domain';
import type { QueueDepth, ReconcileQueue } from '@compute/queue';
import { createMetrics, type Instruments, WORKER_METRICS } from '@compute/runtime';
import type { Backlog, ResourceCount, Store } from '@compute/store';
import { CENSUS_EVERY_MS } from './monitoring/resource-census.ts';

const OUTDATED_MS = 3 * CENSUS_EVERY_MS;
const COMING_UP: readonly string[] = ['Pending', 'Provisioning', 'Starting'];

/** What is asked when the metrics are read. */
export interface MeasuredParts {
  readonly queue: Pick<ReconcileQueue, 'depth'>;
  readonly cluster: Pick<Cluster, 'health'>;
  readonly store: Pick<Store, 'backlog'>;
}

export class WorkerMetrics {
  #turnsWaiting: () => number = () => 0;
  #countedAt = 0;
  readonly #metrics = createMetrics('worker', WORKER_METRICS);
  readonly instruments: Instruments<typeof WORKER_METRICS> = this.#metrics.instruments;

  /** Prometheus text, with the figures that are asked for at that moment. A queue or database that is away leaves its last ones. */
  async renderWith({ queue, cluster, store }: MeasuredParts): Promise<string> {
    await Promise.allSettled([
      queue.depth().then((depth) => this.#queueDepth(depth)),
      store.backlog().then((backlog) => this.#backlog(backlog)),
    ]);
    if (Date.now() - this.#countedAt > OUTDATED_MS) this.#forgetCounts();
    this.instruments.clusterTurnsWaiting.set(this.#turnsWaiting());
    const { lastEventAt } = cluster.health();
    if (lastEventAt) this.instruments.informerStalenessSeconds.set(secondsSince(lastEventAt));
    return this.#metrics.render();
  }

  /** Says who knows how many changes wait for their turn in the cluster. */
  measureTurns(waiting: () => number): void {
    this.#turnsWaiting = waiting;
  }

  reconciled(kind: Kind, outcome: string, durationMs: number): void {
    this.instruments.reconcileSeconds.observe({ kind, outcome }, durationMs / 1_000);
  }

  failed(kind: Kind, code: string): void {
    this.instruments.reconcileErrors.inc({ kind, code });
  }

  #queueDepth({ waiting, active, oldestAgeMs }: QueueDepth): void {
    this.instruments.queueDepth.set({ state: 'waiting' }, waiting);
    this.instruments.queueDepth.set({ state: 'active' }, active);
    this.instruments.queueOldestSeconds.set(oldestAgeMs / 1_000);
  }

  relayed(count: number, oldest: Date | undefined): void {
    this.instruments.outboxRelayed.inc(count);
    if (oldest) this.instruments.relayLagSeconds.observe(secondsSince(oldest));
  }

  #backlog({ outboxDepth, outboxOldestMs, usageOldestMs }: Backlog): void {
    this.instruments.outboxDepth.set(outboxDepth);
    this.instruments.outboxOldestSeconds.set(outboxOldestMs / 1_000);
    this.instruments.usageLagSeconds.set(usageOldestMs / 1_000);
  }

  /** Replaces what was counted before: a phase or project that is gone must not keep its last figure. */
  counted(counts: readonly ResourceCount[]): void {
    this.#forgetCounts();
    this.#countedAt = Date.now();
    const { resources, stuckDeletions, projectResources, projectFailedResources } = this.instruments;
    for (const kind of KINDS) stuckDeletions.set({ kind }, 0);
    for (const { project, kind, phase, count, stuck } of counts) {
      resources.inc({ kind, phase }, count);
      stuckDeletions.inc({ kind }, stuck);
      projectResources.inc({ project, kind }, count);
      if (phase === 'Failed') projectFailedResources.inc({ project, kind }, count);
    }
  }

  /** Another worker counts now; what this one once knew would stand beside its figures. */
  #forgetCounts(): void {
    const { resources, stuckDeletions, projectResources, projectFailedResources } = this.instruments;
    for (const gauge of [resources, stuckDeletions, projectResources, projectFailedResources]) gauge.reset();
  }

  sampled(machines: number): void {
    this.instruments.machinesSampled.inc(machines);
    this.instruments.lastSample.setToCurrentTime();
  }

  /** A resource left `before.phase` for `phase`. */
  phaseChanged<K extends Kind>(before: ResourceOf[K], phase: ResourceOf[K]['phase']): void {
    const row: ResourceOf[Kind] = before;
    this.instruments.phaseSeconds.observe({ kind: row.kind, phase: row.phase }, secondsSince(row.phaseSince));
    // A restart by the user raises the generation; the time since the creation would say nothing then.
    const isFirstRun = row.kind === 'VMInstance' && phase === 'Running' && row.generation === 1;
    if (isFirstRun && COMING_UP.includes(row.phase))
      this.instruments.acceptedToRunningSeconds.observe(secondsSince(row.createdAt));
    const importEnds = row.kind === 'VMDisk' && (row.phase === 'Importing' || row.phase === 'Pending');
    if (importEnds && (phase === 'Ready' || phase === 'Failed'))
      this.instruments.importSeconds.observe({ outcome: phase }, secondsSince(row.createdAt));
  }
}

function secondsSince(instant: Date): number {
  return Math.max(0, Date.now() - instant.getTime()) / 1_000;
}
