/** The API's settings: which environment variables it reads, and what they mean. Everything is checked at start. */
import {
  type ConfigOf,
  ConfigurationError,
  type Environment,
  flagSetting,
  integerSetting,
  optional,
  portSetting,
  readConfig,
  SHARED_SETTINGS,
  textSetting,
} from '@compute/runtime';
import { ACCESS_SETTINGS, accessProblems } from './access-settings.ts';

export const API_SETTINGS = {
  ...SHARED_SETTINGS,
  ...ACCESS_SETTINGS,
  restPort: portSetting('REST_PORT', {
    fallback: 8080,
    description: 'port of REST, its documents and /metrics; 0 takes a free one.',
  }),
  grpcPort: portSetting('GRPC_PORT', { fallback: 9090, description: 'port of gRPC; 0 takes a free one.' }),
  kubePort: portSetting('KUBE_PORT', {
    fallback: 8443,
    description: 'port for kubectl, when KUBE_TLS_CERT_FILE and KUBE_TLS_KEY_FILE are given; 0 takes a free one.',
  }),
  kubeTlsCertFile: optional(
    textSetting('KUBE_TLS_CERT_FILE', {
      description:
        'a PEM file with the certificate (and its chain) for kubectl. Without it, nothing is served for kubectl.',
    }),
  ),
  kubeTlsKeyFile: optional(
    textSetting('KUBE_TLS_KEY_FILE', { description: 'a PEM file with the key of that certificate.' }),
  ),
  allowPrivateWebhooks: flagSetting('ALLOW_PRIVATE_WEBHOOKS', {
    fallback: false,
    description: 'whether webhooks may go to private, loopback and link-local addresses, and over http.',
  }),
  allowPrivateSources: flagSetting('ALLOW_PRIVATE_SOURCES', {
    fallback: false,
    description: 'whether images may come from private, loopback and link-local addresses.',
  }),
  catalogueFile: optional(
    textSetting('CATALOGUE_FILE', {
      description: 'a JSON file with entries that are added to the built-in catalogue, see docs/catalogue.md.',
    }),
  ),
  quotaDefaultsFile: optional(
    textSetting('QUOTA_DEFAULTS_FILE', {
      description:
        'a JSON file with a quota document: the limits of projects that nobody set, see docs/quotas.md; what it leaves out is as shipped. The word unlimited: no limits.',
    }),
  ),
  databasePoolSize: integerSetting('DATABASE_POOL_SIZE', {
    fallback: 10,
    min: 2,
    max: 200,
    description: 'connections to Postgres that one process holds at most.',
  }),
  heartbeatSeconds: integerSetting('STREAM_HEARTBEAT_SECONDS', {
    fallback: 15,
    min: 1,
    max: 300,
    description: 'how often a stream says that it lives when nothing happens.',
  }),
} as const;

export type ApiConfig = ConfigOf<typeof API_SETTINGS>;

/** Reads the environment. Throws `ConfigurationError` with every problem. */
export function readApiConfig(env?: Environment): ApiConfig {
  const config = readConfig(API_SETTINGS, env);
  const problems = accessProblems(config);
  if (problems.length > 0) throw new ConfigurationError(problems);
  if ((config.kubeTlsCertFile === undefined) !== (config.kubeTlsKeyFile === undefined))
    throw new ConfigurationError(['KUBE_TLS_CERT_FILE and KUBE_TLS_KEY_FILE must be given both, or none of them.']);
  return config;
}
