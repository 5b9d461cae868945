/** Fills the worker's metrics: translates what happens in the loops into figures, and nothing else. */
import type { Cluster } from '@compute/cluster';
import type { Kind, ResourceOf } from '@compute/domain';
import type { QueueDepth, ReconcileQueue } from '@compute/queue';
import { createMetrics, type Instruments, WORKER_METRICS } from '@compute/runtime';

const COMING_UP: readonly string[] = ['Pending', 'Provisioning', 'Starting'];

/** What is asked when the metrics are read. */
export interface MeasuredParts {
  readonly queue: Pick<ReconcileQueue, 'depth'>;
  readonly cluster: Pick<Cluster, 'health'>;
}

export class WorkerMetrics {
  #turnsWaiting: () => number = () => 0;
  readonly #metrics = createMetrics('worker', WORKER_METRICS);
  readonly instruments: Instruments<typeof WORKER_METRICS> = this.#metrics.instruments;

  /** Prometheus text, with the figures that are asked for at that moment. A queue that is away leaves its last ones. */
  async renderWith({ queue, cluster }: MeasuredParts): Promise<string> {
    await queue.depth().then(
      (depth) => this.#queueDepth(depth),
      () => undefined,
    );
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
