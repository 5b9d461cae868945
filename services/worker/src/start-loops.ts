/** Starts everything that runs in the background of a worker, and registers how each part stops. */

import { OWNED_KINDS } from '@compute/cluster';
import type { Poke } from '@compute/queue';
import { createCatalogueInstaller } from './maintenance/catalogue-installer.ts';
import { createOrphanWatch } from './maintenance/orphan-watch.ts';
import { createUpkeep } from './maintenance/upkeep.ts';
import { createResourceCensus } from './monitoring/resource-census.ts';
import { readTraffic } from './performance/prometheus-figures.ts';
import { createRollup, createSampler } from './performance/sampler.ts';
import { openReconciliation } from './reconcile/open-reconciliation.ts';
import { createDueSweep } from './relay/due-sweep.ts';
import { OutboxRelay } from './relay/outbox-relay.ts';
import { PokeCoalescer } from './relay/poke-coalescer.ts';
import { createQueueWatch } from './relay/queue-watch.ts';
import { createDatabaseGuard } from './restore/database-guard.ts';
import type { WorkerParts } from './start-worker.ts';
import { createUsageClock } from './usage/usage-clock.ts';
import { createWebhookDispatcher } from './webhooks/webhook-dispatcher.ts';
import type { WorkerConfig } from './worker-config.ts';

/** A burst of cluster events within this time becomes one poke. */
const CHANGE_WINDOW_MS = 25;
const CHANGE_RETRY_MS = 1_000;
/** How long running looks may take to end. */
const GRACE_MS = 10_000;

type LoopError = (name: string, error: unknown) => void;

/** Resolves when pokes are taken, which is after the cluster was listed once. */
export async function startLoops(parts: WorkerParts): Promise<void> {
  const { shutdown, health, logger, metrics } = parts;
  const onError: LoopError = (loop, err) => {
    metrics.instruments.loopFailures.inc({ loop });
    logger.event('loop.failed', { err, loop });
  };
  const relay = startRelay(parts, onError);
  startClocks(parts, onError);
  startSampling(parts, onError);
  startWebhooks(parts, onError);
  await startWork(parts, relay, onError);
  startOrphanWatch(parts, onError);
  startDatabaseGuard(parts, onError);
  shutdown.register('readiness', () => health.drain());
}

function startRelay(parts: WorkerParts, onError: LoopError): OutboxRelay {
  const { store, queue, config, points, metrics, logger, pace, shutdown } = parts;
  const onRelayed = metrics.relayed.bind(metrics);
  // As many again as can be looked at: enough that no look waits for the relay, too few for a tenant to hide behind.
  const relay = new OutboxRelay({ store, queue, ahead: config.concurrency, points, onRelayed, onError }).start();
  const endHints = store.onHint('outbox', () => relay.wake());
  const onSwept = (count: number) => {
    metrics.instruments.overdueResources.set(count);
    if (count > 0) relay.wake();
  };
  const sweep = createDueSweep({ store, everyMs: pace.sweepEveryMs, onSwept, onError }).start();
  const onWoken = (count: number, isLost: boolean) => {
    if (isLost) logger.event('queue.rebuilt', { count });
    relay.wake();
  };
  const watch = createQueueWatch({ store, queue, onWoken, onError }).start();
  shutdown.register('relay', async () => {
    endHints();
    await Promise.all([relay.stop(), sweep.stop(), watch.stop()]);
  });
  return relay;
}

function startClocks(parts: WorkerParts, onError: LoopError): void {
  const { store, cluster, config, metrics, logger, shutdown } = parts;
  const { changeRetentionDays, historyRetentionDays, stateRetentionDays, installCatalogue } = config;
  const onPublished = (count: number) => metrics.instruments.usagePublished.inc(count);
  const clock = createUsageClock({ store, onPublished, onError }).start();
  const upkeep = createUpkeep({
    store,
    changeRetentionDays,
    historyRetentionDays,
    stateRetentionDays,
    onDrift: (drifts) => {
      metrics.instruments.quotaDifferences.inc(drifts.length);
      logger.event('quota.repaired', { alarm: 'quota', drifts });
    },
    onError,
  }).start();
  const installer = createCatalogueInstaller({
    cluster,
    logger,
    onDifferences: ({ differingTypes, missingProfiles }) => {
      const { catalogueDifferences } = metrics.instruments;
      catalogueDifferences.set({ kind: 'instancetype', problem: 'differs' }, differingTypes);
      catalogueDifferences.set({ kind: 'preference', problem: 'missing' }, missingProfiles);
    },
    onError,
  });
  if (installCatalogue) installer.start();
  shutdown.register('clocks', async () => {
    await Promise.all([clock.stop(), upkeep.stop(), installer.stop()]);
  });
}

/** Only when the cluster was listed: a search that waits for a cluster that is away could not be stopped. */
function startOrphanWatch(
  { store, cluster, config, metrics, logger, shutdown }: WorkerParts,
  onError: LoopError,
): void {
  const orphans = createOrphanWatch({
    ...{ store: leadingOneCluster(store, config), cluster, logger, onError },
    onFound: (counts) => {
      const gauge = metrics.instruments.orphanedObjects;
      for (const kind of OWNED_KINDS) gauge.set({ kind }, counts.get(kind) ?? 0);
    },
  }).start();
  shutdown.register('orphan watch', () => orphans.stop());
}

/** A process that is started anew waits until the restore has ended; what this one knows is of another database. */
function startDatabaseGuard({ store, cluster, logger, shutdown }: WorkerParts, onError: LoopError): void {
  const guard = createDatabaseGuard({
    ...{ store, cluster, onError },
    onReplaced: (state) => {
      logger.event('worker.database-replaced', { state });
      process.exitCode = 1;
      void shutdown.stop('the database was replaced');
    },
  }).start();
  shutdown.register('database guard', () => guard.stop());
}

function startWebhooks({ store, config, logger, shutdown }: WorkerParts, onError: LoopError): void {
  const onDisabled = (webhook: string, reason: string) => logger.event('webhook.disabled', { webhook, reason });
  const allowPrivate = config.allowPrivateWebhooks;
  const dispatcher = createWebhookDispatcher({ store, allowPrivate, onDisabled, onError }).start();
  shutdown.register('webhooks', () => dispatcher.stop());
}

function startSampling({ store, cluster, config, metrics, shutdown }: WorkerParts, onError: LoopError): void {
  const { prometheusUrl } = config;
  const sampler = createSampler({
    store: leadingOneCluster(store, config),
    cluster,
    everyMs: config.samplingSeconds * 1_000,
    ...(prometheusUrl === undefined ? {} : { readTraffic: () => readTraffic(prometheusUrl) }),
    onSampled: (machines) => metrics.sampled(machines),
    onError,
  }).start();
  const retentionDays = {
    sample: config.sampleRetentionDays,
    minute: config.minuteRetentionDays,
    hour: config.hourRetentionDays,
    day: config.dayRetentionDays,
  };
  const rollup = createRollup({ store, retentionDays, onError }).start();
  const onCounted = metrics.counted.bind(metrics);
  const census = createResourceCensus({ store, mostProjects: config.metricsProjects, onCounted, onError }).start();
  shutdown.register('sampling', async () => {
    await Promise.all([sampler.stop(), rollup.stop(), census.stop()]);
  });
}

type LeadingStore = Pick<WorkerParts['store'], 'withLeadership' | 'uidsWithoutRow' | 'performance'>;

/** What looks at a cluster has one leader for each cluster, not one for all. */
function leadingOneCluster(store: WorkerParts['store'], { clusterId }: WorkerConfig): LeadingStore {
  return {
    withLeadership: (name, lead, signal) => store.withLeadership(`${name} of ${clusterId}`, lead, signal),
    uidsWithoutRow: (uids) => store.uidsWithoutRow(uids),
    performance: store.performance,
  };
}

async function startWork(parts: WorkerParts, relay: OutboxRelay, onError: LoopError): Promise<void> {
  const { cluster, queue, config, shutdown } = parts;
  const { handler, progress, probes, outage } = openReconciliation(parts, (err) => onError('progress flusher', err));
  shutdown.register('progress', () => progress.stop());
  shutdown.register('source probes', () => probes.stop());
  const coalescer = new PokeCoalescer({
    windowMs: CHANGE_WINDOW_MS,
    retryMs: CHANGE_RETRY_MS,
    send: queue.send.bind(queue),
    onError: (err) => onError('cluster changes', err),
  });
  const endChanges = cluster.onChange((row) => coalescer.add(row));
  shutdown.register('cluster changes', async () => {
    endChanges();
    await coalescer.stop();
  });
  await cluster.synced();
  const look = (poke: Poke): Promise<void> => {
    relay.lookBegun();
    return handler(poke);
  };
  const worker = queue.work(look, { concurrency: config.concurrency });
  shutdown.register('work', () => {
    // Taking no more pokes comes first: a pause that ends while the database is away must not let the next one in.
    const closed = worker.close(GRACE_MS);
    outage.end();
    return closed;
  });
  await worker.ready();
}
