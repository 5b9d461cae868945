/** The worker's settings: which environment variables it reads, and what they mean. Everything is checked at start. */
import { DRIFT_POLICIES } from '@compute/domain';
import {
  type ConfigOf,
  type Environment,
  flagSetting,
  integerSetting,
  oneOfSetting,
  optional,
  portSetting,
  readConfig,
  SHARED_SETTINGS,
  textSetting,
  urlSetting,
} from '@compute/runtime';

/** Where projects are placed of which nobody said otherwise. */
export const DEFAULT_CLUSTER = 'default';

export const WORKER_SETTINGS = {
  ...SHARED_SETTINGS,
  redisUrl: urlSetting('REDIS_URL', {
    schemes: ['redis', 'rediss'],
    secret: true,
    description:
      'where Redis (6.2 or newer) is: redis://host:6379, or redis://master?sentinels=host1:26379,host2:26379.',
  }),
  queuePrefix: textSetting('QUEUE_PREFIX', {
    fallback: 'compute',
    description: 'keeps stacks that share one Redis apart.',
  }),
  clusterId: textSetting('CLUSTER_ID', {
    fallback: DEFAULT_CLUSTER,
    description: 'the cluster that this worker drives, by the name by which projects are placed on it.',
  }),
  kubeconfig: optional(
    textSetting('KUBECONFIG', {
      description: 'the file that says how to reach the cluster; without it ~/.kube/config or the pod’s account.',
    }),
  ),
  metricsPort: portSetting('METRICS_PORT', {
    fallback: 0,
    description: 'port of /healthz, /readyz and /metrics; 0 takes a free one.',
  }),
  concurrency: integerSetting('WORKER_CONCURRENCY', {
    fallback: 32,
    min: 1,
    max: 1_000,
    description: 'resources that one worker process looks at at the same time.',
  }),
  databasePoolSize: integerSetting('DATABASE_POOL_SIZE', {
    fallback: 10,
    min: 3,
    max: 100,
    description: 'connections to Postgres.',
  }),
  clusterChangesPerSecond: integerSetting('CLUSTER_CHANGES_PER_SECOND', {
    fallback: 100,
    min: 1,
    max: 100_000,
    description: 'changes that this worker makes in the cluster in a second at most; projects take turns.',
  }),
  importStalledSeconds: integerSetting('IMPORT_DEADLINE_STALLED_SECONDS', {
    fallback: 600,
    min: 1,
    description: 'how long a download may make no progress before the import fails.',
  }),
  importUnstartedSeconds: integerSetting('IMPORT_DEADLINE_UNSTARTED_SECONDS', {
    fallback: 600,
    min: 1,
    description: 'how long the cluster may take to begin an import before it fails.',
  }),
  importTotalSeconds: integerSetting('IMPORT_DEADLINE_TOTAL_SECONDS', {
    fallback: 86_400,
    min: 1,
    description: 'how long an import may take in all, attempts and pauses included.',
  }),
  importUnreachableAttempts: integerSetting('IMPORT_ATTEMPTS_UNREACHABLE', {
    fallback: 3,
    min: 1,
    max: 100,
    description: 'attempts at a source of which nothing answers (name not found, connection refused).',
  }),
  importTransientAttempts: integerSetting('IMPORT_ATTEMPTS_TRANSIENT', {
    fallback: 5,
    min: 1,
    max: 100,
    description: 'attempts at a source that answers and then fails (errors of the 500s, connections that break).',
  }),
  allowPrivateWebhooks: flagSetting('ALLOW_PRIVATE_WEBHOOKS', {
    fallback: false,
    description: 'whether webhooks may go to private, loopback and link-local addresses, and over http.',
  }),
  allowPrivateSources: flagSetting('ALLOW_PRIVATE_SOURCES', {
    fallback: false,
    description:
      'whether the worker may ask sources at private, loopback and link-local addresses; set it as for the API.',
  }),
  sourceProbe: oneOfSetting('SOURCE_PROBE', ['on', 'off'], {
    fallback: 'on',
    description: 'whether the worker asks the URL of an image itself before the cluster imports it.',
  }),
  changeRetentionDays: integerSetting('CHANGE_RETENTION_DAYS', {
    fallback: 7,
    min: 1,
    description: 'how long the change feed can be resumed from.',
  }),
  historyRetentionDays: integerSetting('HISTORY_RETENTION_DAYS', {
    fallback: 400,
    min: 1,
    description: 'how long history is kept.',
  }),
  metricsProjects: integerSetting('METRICS_PROJECTS', {
    fallback: 50,
    min: 0,
    max: 10_000,
    description: 'how many projects, the largest, have figures of their own in /metrics; the rest share one name.',
  }),
  samplingSeconds: integerSetting('PERFORMANCE_SAMPLING_SECONDS', {
    fallback: 30,
    min: 1,
    max: 240,
    description: 'how often the cluster is asked, with one list, what machines use.',
  }),
  prometheusUrl: optional(
    urlSetting('PROMETHEUS_URL', {
      schemes: ['http', 'https'],
      secret: true,
      description: 'a Prometheus that scrapes KubeVirt, for network and disk of machines; without it they are unknown.',
    }),
  ),
  sampleRetentionDays: integerSetting('PERFORMANCE_SAMPLE_RETENTION_DAYS', {
    fallback: 2,
    min: 1,
    description: 'how long single samples are kept.',
  }),
  minuteRetentionDays: integerSetting('PERFORMANCE_MINUTE_RETENTION_DAYS', {
    fallback: 14,
    min: 2,
    description: 'how long what machines used is kept by the minute.',
  }),
  hourRetentionDays: integerSetting('PERFORMANCE_HOUR_RETENTION_DAYS', {
    fallback: 100,
    min: 2,
    description: 'how long what machines used is kept by the hour.',
  }),
  dayRetentionDays: integerSetting('PERFORMANCE_DAY_RETENTION_DAYS', {
    fallback: 800,
    min: 2,
    description: 'how long what machines used is kept by the day.',
  }),
  stateRetentionDays: integerSetting('STATE_RETENTION_DAYS', {
    fallback: 400,
    min: 1,
    description: 'how far back resources can be read as they were (`asOf`).',
  }),
  driftPolicy: oneOfSetting('DRIFT_POLICY', DRIFT_POLICIES, {
    fallback: 'repair',
    description: 'what is done about objects that somebody changed in the cluster by hand: put back, or told.',
  }),
  catalogueFile: optional(
    textSetting('CATALOGUE_FILE', {
      description: 'a JSON file with entries that are added to the built-in catalogue, see docs/catalogue.md.',
    }),
  ),
  installCatalogue: flagSetting('INSTALL_CATALOGUE', {
    fallback: true,
    description: 'whether instance types that the cluster lacks are installed.',
  }),
} as const;

export type WorkerConfig = ConfigOf<typeof WORKER_SETTINGS>;

/** Throws ConfigurationError with every problem at once. */
export function readWorkerConfig(env: Environment = process.env): WorkerConfig {
  return readConfig(WORKER_SETTINGS, env);
}
