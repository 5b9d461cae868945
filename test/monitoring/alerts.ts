/**
 * The alerts: what is watched, when somebody is told, and what that person does then. Expressions take the names of series
 * from the table of metrics, so that one that is renamed there is renamed here, and one that goes does not compile.
 *
 * A reader could break: each alert has a case in which it fires; promtool tries it.
 */
import { API_METRICS, WORKER_METRICS } from '@compute/runtime';

export interface AlertCase {
  /** Series as promtool reads them: a selector and its values, one a minute. */
  readonly series: Readonly<Record<string, string>>;
  /** Minutes after which it fires. */
  readonly firesAfterMinutes: number;
}

export interface Runbook {
  readonly meaning: string;
  readonly look: readonly string[];
  readonly remedy: readonly string[];
}

export interface Alert {
  readonly name: string;
  readonly expr: string;
  readonly forMinutes: number;
  /** `page`: somebody gets up; `ticket`: somebody looks tomorrow. */
  readonly severity: 'page' | 'ticket';
  readonly summary: string;
  readonly runbook: Runbook;
  readonly fires: AlertCase;
}

const worker = (metric: { readonly name: string }): string => `${metric.name}{service="worker"}`;

export const ALERTS: readonly Alert[] = [
  {
    name: 'ComputeApiAbsent',
    expr: `absent(${API_METRICS.requestsInFlight.name}{service="api"})`,
    forMinutes: 5,
    severity: 'page',
    summary: 'No API process is scraped.',
    runbook: {
      meaning:
        'No process of the API answers Prometheus: nobody can ask for anything, or monitoring does not reach it.',
      look: ['`/readyz` of an API process; its last log lines', 'whether the scrape configuration still finds it'],
      remedy: ['Start it. What it does not accept, callers must send again; what it had accepted goes on without it.'],
    },
    fires: { series: {}, firesAfterMinutes: 6 },
  },
  {
    name: 'ComputeWorkerAbsent',
    expr: `absent(${WORKER_METRICS.outboxDepth.name}{service="worker"})`,
    forMinutes: 5,
    severity: 'page',
    summary: 'No worker is scraped.',
    runbook: {
      meaning:
        'No worker answers Prometheus. Requests are accepted and nothing is done about them; machines that run go on running.',
      look: ['`/readyz` of a worker: it says which of database, Redis and cluster it waits for', 'its last log lines'],
      remedy: ['Start one. It looks at every resource once and catches up by itself, usage included.'],
    },
    fires: { series: {}, firesAfterMinutes: 6 },
  },
  {
    name: 'ComputeOutboxStuck',
    expr: `max(${worker(WORKER_METRICS.outboxOldestSeconds)}) > 60`,
    forMinutes: 5,
    severity: 'page',
    summary: 'Accepted changes have waited for a worker for more than a minute.',
    runbook: {
      meaning:
        'The oldest entry of the outbox is not handed to the queue: workers are too few, too slow, or cannot reach Redis.',
      look: [
        '`compute_outbox_depth`, `compute_queue_depth` and `compute_reconcile_duration_seconds`: many, or slow?',
        '`compute_cluster_turns_waiting` and `compute_cluster_request_duration_seconds`: is it the cluster?',
        '`compute_background_failures_total{loop="outbox relay"}` and the log of the workers',
      ],
      remedy: [
        'Many and quick: start more workers.',
        'Slow because of the cluster: find out what ails its API server; the work waits without loss.',
        'Redis away: bring it back, empty if need be. The queue is made anew from the rows.',
      ],
    },
    fires: { series: { [worker(WORKER_METRICS.outboxOldestSeconds)]: '0+60x20' }, firesAfterMinutes: 10 },
  },
  {
    name: 'ComputeQueueStuck',
    expr: `max(${worker(WORKER_METRICS.queueOldestSeconds)}) > 120`,
    forMinutes: 5,
    severity: 'page',
    summary: 'A job has waited in the queue for more than two minutes.',
    runbook: {
      meaning: 'Jobs are queued and not started: every worker is busy, or none takes jobs.',
      look: [
        '`compute_queue_depth{state="active"}`: 0 means that nobody works',
        '`compute_reconcile_duration_seconds`, `compute_cluster_request_duration_seconds`',
      ],
      remedy: ['Start more workers, or restart one that is alive and takes nothing. Killing a worker loses nothing.'],
    },
    fires: { series: { [worker(WORKER_METRICS.queueOldestSeconds)]: '0+60x20' }, firesAfterMinutes: 12 },
  },
  {
    name: 'ComputeReconcileErrors',
    expr: `sum by (kind, code) (rate(${worker(WORKER_METRICS.reconcileErrors)}[10m])) > 0.1`,
    forMinutes: 15,
    severity: 'ticket',
    summary: 'Looks at {{ $labels.kind }} keep failing with {{ $labels.code }}.',
    runbook: {
      meaning: 'Workers fail at resources and try again, more than six times a minute over a quarter of an hour.',
      look: ['the label `code`', 'the events `look.failed` and `cluster.action-failed` in the log of the workers'],
      remedy: [
        '`Unavailable`: the database or the cluster was away; it passes with the cause.',
        '`Refused`: the cluster refuses what we send: a missing right or a webhook; the line has its words.',
        '`Internal`: a bug of ours; report it with the line.',
      ],
    },
    fires: {
      series: { 'compute_reconcile_errors_total{service="worker",kind="VMDisk",code="Internal"}': '0+30x40' },
      firesAfterMinutes: 30,
    },
  },
  {
    name: 'ComputeClusterSilent',
    expr: `max(${worker(WORKER_METRICS.informerStalenessSeconds)}) > 600`,
    forMinutes: 5,
    severity: 'page',
    summary: 'A worker has heard nothing from the cluster for ten minutes.',
    runbook: {
      meaning: 'A watch on the cluster is dead or the cluster is away. What is shown of machines may be old.',
      look: [
        '`/readyz` of the worker',
        '`compute_cluster_request_duration_seconds{code!="200"}`',
        'the API server of the cluster',
      ],
      remedy: ['Bring the API server back. If it is well, restart the worker and report it.'],
    },
    fires: { series: { [worker(WORKER_METRICS.informerStalenessSeconds)]: '0+60x30' }, firesAfterMinutes: 20 },
  },
  {
    name: 'ComputeUsageLate',
    expr: `max(${worker(WORKER_METRICS.usageLagSeconds)}) > 300`,
    forMinutes: 10,
    severity: 'ticket',
    summary: 'Usage events have waited for the feed for more than five minutes.',
    runbook: {
      meaning: 'Usage is recorded but not published: bills are late, and nothing is lost.',
      look: ['`compute_background_failures_total{loop="usage clock"}` and the log of the worker that leads'],
      remedy: ['Restart the worker that leads; another takes over. What waits is published in order.'],
    },
    fires: { series: { [worker(WORKER_METRICS.usageLagSeconds)]: '0+60x30' }, firesAfterMinutes: 20 },
  },
  {
    name: 'ComputeQuotaDiffers',
    expr: `sum(increase(${worker(WORKER_METRICS.quotaDifferences)}[1h])) > 0`,
    forMinutes: 0,
    severity: 'ticket',
    summary: 'Quota counters differed from the rows and were repaired.',
    runbook: {
      meaning: 'A recount found a counter that was not the sum of its rows. It is repaired, and it is a bug.',
      look: ['the event `quota.repaired` in the log: which project, counter, stored and counted'],
      remedy: [
        'Report it with that line and the history of the project at that time. Nothing needs to be done to the data.',
      ],
    },
    fires: { series: { [worker(WORKER_METRICS.quotaDifferences)]: '0x5 1x30' }, firesAfterMinutes: 10 },
  },
  {
    name: 'ComputeDeletionsStuck',
    expr: `sum by (kind) (${worker(WORKER_METRICS.stuckDeletions)}) > 0`,
    forMinutes: 30,
    severity: 'ticket',
    summary: '{{ $value }} {{ $labels.kind }} take longer than a quarter of an hour to delete.',
    runbook: {
      meaning: 'Resources are being deleted and the cluster does not let go of what belongs to them.',
      look: [
        'which they are: list with `filter=phase=Deleting`',
        'their objects in the cluster: finalizers, volumes that are still attached, a node that is away',
      ],
      remedy: [
        'Remove the cause in the cluster. The deletion ends by itself; nothing is forgotten while something is left.',
      ],
    },
    fires: { series: { 'compute_stuck_deletions{service="worker",kind="VMDisk"}': '2x60' }, firesAfterMinutes: 40 },
  },
  {
    name: 'ComputeBackgroundFailing',
    expr: `sum by (loop) (increase(${worker(WORKER_METRICS.loopFailures)}[30m])) > 10`,
    forMinutes: 10,
    severity: 'ticket',
    summary: 'The background loop {{ $labels.loop }} keeps failing.',
    runbook: {
      meaning: 'Something that runs again and again in a worker fails each time.',
      look: ['the label `loop`, and the event `loop.failed` in the log'],
      remedy: ['As the line says. A `sampler` that finds no metrics API: install metrics-server in the cluster.'],
    },
    fires: {
      series: { 'compute_background_failures_total{service="worker",loop="upkeep"}': '0+2x60' },
      firesAfterMinutes: 40,
    },
  },
  {
    name: 'ComputeSamplingStopped',
    expr: `time() - max(${worker(WORKER_METRICS.lastSample)}) > 900`,
    forMinutes: 10,
    severity: 'ticket',
    summary: 'What machines use has not been sampled for a quarter of an hour.',
    runbook: {
      meaning: 'No worker gets figures from the metrics API of the cluster. The performance of machines has a gap.',
      look: [
        '`kubectl top pod` in the cluster itself',
        '`compute_background_failures_total{loop="sampler"}` and the log',
      ],
      remedy: ['Repair or install metrics-server. The gap stays a gap.'],
    },
    fires: { series: { [worker(WORKER_METRICS.lastSample)]: '0x60' }, firesAfterMinutes: 30 },
  },
];
