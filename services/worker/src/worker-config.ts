/** The worker's settings: which environment variables it reads, and what they mean. Everything is checked at start. */
import {
  type ConfigOf,
  type Environment,
  flagSetting,
  integerSetting,
  optional,
  portSetting,
  readConfig,
  SHARED_SETTINGS,
  textSetting,
  urlSetting,
} from '@compute/runtime';

export const WORKER_SETTINGS = {
  ...SHARED_SETTINGS,
  redisUrl: urlSetting('REDIS_URL', {
    schemes: ['redis', 'rediss'],
    secret: true,
    description: 'where Redis (6.2 or newer) is, for example redis://host:6379.',
  }),
  queuePrefix: textSetting('QUEUE_PREFIX', {
    fallback: 'compute',
    description: 'keeps stacks that share one Redis apart.',
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
  catalogueFile: optional(
    textSetting('CATALOGUE_FILE', { description: 'a JSON file whose lists replace those of the built-in catalogue.' }),
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
