/**
 * Puts a worker process together: what it is made of, in which order it starts and, in reverse, how it stops.
 *
 * Nothing is decided about resources before the cluster was listed once, or everything would look deleted. Stopping takes
 * no more pokes, lets the running looks end, then closes what they stood on.
 */
import { hkdfSync } from 'node:crypto';
import { type Cluster, type ClusterOptions, openCluster } from '@compute/cluster';
import { openQueue, type ReconcileQueue } from '@compute/queue';
import {
  createLogger,
  type Environment,
  followSecretsKeys,
  HealthRegistry,
  type Logger,
  openTracer,
  readCatalogue,
  Shutdown,
  type Tracer,
} from '@compute/runtime';
import { openStore, type Store, WrappingKeys } from '@compute/store';
import { resourceOfPath } from './cluster-call-labels.ts';
import { type FaultPoints, noFaultPoints } from './fault-points.ts';
import { startObservabilityServer } from './http/observability-server.ts';
import { WorkerMetrics } from './metrics.ts';
import { DEFAULT_RETRY, type RetryPolicy } from './reconcile/retry-policy.ts';
import { type DatabaseState, waitForDatabase } from './restore/database-guard.ts';
import { startLoops } from './start-loops.ts';
import { DEFAULT_CLUSTER, type WorkerConfig } from './worker-config.ts';

const POOL_NAME = 'compute-worker';

/** How fast a worker comes back to what it could not do. */
export interface WorkerPace {
  readonly retry: RetryPolicy;
  readonly sweepEveryMs: number;
}

const DEFAULT_PACE: WorkerPace = { retry: DEFAULT_RETRY, sweepEveryMs: 1_000 };

export interface StartWorkerOptions {
  /** Where a crash test may stop the worker. */
  readonly points?: FaultPoints;
  /** Shorter pauses, for tests that fail a worker many times. */
  readonly pace?: WorkerPace;
  readonly logger?: Logger;
  /** Given by the process entry, so that a signal during the start ends it in order. */
  readonly shutdown?: Shutdown;
  /** Where the configuration came from: keys that it reads from files are followed there. */
  readonly environment?: Environment;
}

export interface RunningWorker {
  /** URL of /metrics; /healthz and /readyz are beside it. */
  readonly metricsUrl: string;
  /** Stops in order. Safe to call twice. */
  close(): Promise<void>;
}

/** The parts that the loops work with. */
export interface WorkerParts {
  readonly config: WorkerConfig;
  readonly store: Store;
  readonly queue: ReconcileQueue;
  readonly cluster: Cluster;
  readonly metrics: WorkerMetrics;
  readonly tracer: Tracer;
  readonly health: HealthRegistry;
  readonly logger: Logger;
  readonly points: FaultPoints;
  readonly pace: WorkerPace;
  readonly shutdown: Shutdown;
}

/** Resolves when the worker takes pokes. Throws when the database or Redis cannot be reached; waits for the cluster. */
export async function startWorker(config: WorkerConfig, options: StartWorkerOptions = {}): Promise<RunningWorker> {
  const logger = options.logger ?? createLogger({ service: 'worker', level: config.logLevel });
  const shutdown = options.shutdown ?? new Shutdown({ logger });
  const close = async (): Promise<void> => void (await shutdown.stop('closed'));
  try {
    const parts = await openParts(config, options, logger, shutdown);
    const metricsUrl = await startHttp(parts);
    logger.event('worker.waiting', { metricsUrl });
    await waitForCurrentDatabase(parts);
    await startLoops(parts);
    logger.event('worker.ready', { metricsUrl, concurrency: config.concurrency });
    return { metricsUrl, close };
  } catch (error) {
    if (!shutdown.stopping) logger.event('worker.start-failed', { err: error });
    await close();
    throw error;
  }
}

/** Nothing is done on a database that was restored from a backup until an operator has decided what becomes of it. */
async function waitForCurrentDatabase({ store, cluster, health, logger, shutdown }: WorkerParts): Promise<void> {
  let waitsFor: string | undefined;
  health.register('database restored', async () => {
    if (waitsFor !== undefined) throw new Error(waitsFor);
  });
  await waitForDatabase({
    ...{ store, cluster, isStopping: () => shutdown.stopping },
    onWaiting: (state, err) => {
      waitsFor = DATABASE_STATES[state];
      if (err === undefined) logger.event('worker.held', { state });
      else logger.event('worker.database-unknown', { err });
    },
  });
  waitsFor = undefined;
}

const DATABASE_STATES: Readonly<Record<DatabaseState | 'unknown', string>> = {
  current: 'the database is up to date',
  behind:
    'the database is older than what the cluster has seen of it: nothing is done until "operate restore finish", see docs/restoring.md',
  held: 'a restore of the database is being worked at: nothing is done until "operate restore finish"',
  unknown: 'whether the database is up to date is not known yet',
};

async function openParts(
  config: WorkerConfig,
  { points = noFaultPoints, pace = DEFAULT_PACE, environment = {} }: StartWorkerOptions,
  logger: Logger,
  shutdown: Shutdown,
): Promise<WorkerParts> {
  const metrics = new WorkerMetrics();
  const tracer = await openTracer('worker', config);
  shutdown.register('traces', () => tracer.close());
  const keys = new WrappingKeys(config.secretsKey, config.otherSecretsKeys);
  const stopFollowing = followSecretsKeys(environment, keys, logger);
  shutdown.register('keys', async () => stopFollowing());
  const store = await openWorkerStore(config, keys, logger);
  shutdown.register('store', () => store.close());
  await store.addCluster(config.clusterId);
  const { redisUrl } = config;
  const prefix = queuePrefixOf(config);
  const queue = await openQueue({ redisUrl, prefix, onError: (err) => logger.event('queue.trouble', { err }) });
  shutdown.register('queue', () => queue.close());
  const cluster = await openWorkerCluster(config, keys, logger, (call) => noteCall(call, metrics, tracer));
  shutdown.register('cluster', () => cluster.close());
  const health = new HealthRegistry();
  return { config, store, queue, cluster, metrics, tracer, health, logger, points, pace, shutdown };
}

/** Workers of different clusters share nothing in Redis: what one of them takes out of a queue is its own to do. */
function queuePrefixOf({ queuePrefix, clusterId }: WorkerConfig): string {
  return clusterId === DEFAULT_CLUSTER ? queuePrefix : `${queuePrefix}-${clusterId}`;
}

function openWorkerStore(config: WorkerConfig, keys: WrappingKeys, logger: Logger): Promise<Store> {
  return openStore({
    databaseUrl: config.databaseUrl,
    secretsKey: keys,
    poolSize: config.databasePoolSize,
    applicationName: POOL_NAME,
    usagePeriod: config.usagePeriod,
    cluster: config.clusterId,
    // Only claims make counters from the defaults, and a worker never claims.
    quotaDefaults: {},
    onError: (err) => logger.event('store.trouble', { err }),
  });
}

/** Hashes of Secrets stand where anybody may read them; see `libs/cluster`. */
function hashKeyOf(wrappingKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', wrappingKey, '', 'manifest hashes of Secrets', 32));
}

type OnCall = NonNullable<ClusterOptions['onCall']>;

async function openWorkerCluster(
  config: WorkerConfig,
  keys: WrappingKeys,
  logger: Logger,
  onCall: OnCall,
): Promise<Cluster> {
  return openCluster({
    ...(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig }),
    catalogue: await readCatalogue(config.catalogueFile),
    hashKeys: () => keys.all.map(({ bytes }) => hashKeyOf(bytes)),
    onError: (err) => logger.event('cluster.trouble', { err }),
    onCall,
  });
}

/** Measures a finished call, and makes it a span of the look that it was for. */
function noteCall(call: Parameters<OnCall>[0], metrics: WorkerMetrics, tracer: Tracer): void {
  const { method, path, status, durationMs } = call;
  const [resource, code] = [resourceOfPath(path), String(status)];
  metrics.instruments.clusterRequestSeconds.observe({ verb: method, resource, code }, durationMs / 1_000);
  if (!tracer.isOn) return;
  const attributes = { 'http.request.method': method, 'k8s.resource': resource, 'http.response.status_code': code };
  const failed = status === 0 || status >= 400 ? { failure: code } : {};
  tracer.record(`kubernetes ${method} ${resource}`, { kind: 'client', attributes, durationMs, ...failed });
}

async function startHttp({ config, store, queue, cluster, metrics, health, logger, shutdown }: WorkerParts) {
  health.register('database', () => store.ping());
  health.register('redis', () => queue.ping());
  health.register('cluster', async () => {
    const { synced, waitingFor } = cluster.health();
    if (!synced) throw new Error(`not listed yet: ${waitingFor.join(', ')}`);
  });
  const page = { render: () => metrics.renderWith({ queue, cluster, store }) };
  const { bindHost: host, metricsPort: port } = config;
  const server = await startObservabilityServer({ host, port, health, metrics: page, logger });
  shutdown.register('http', () => server.close());
  return `${server.url}/metrics`;
}
