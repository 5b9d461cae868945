/**
 * How each setting of the services is reached in the chart: most under its own name in a map of settings, the others by a
 * value that this table names. A secret, or the name of a file, that has no row fails the tests: it could not be given.
 */
import { API_SETTINGS } from '@compute/api/settings';
import type { Setting, Settings } from '@compute/runtime';
import { WORKER_SETTINGS } from '@compute/worker/settings';
import { closed, type Properties, type Schema } from './schema-words.ts';

/** Variables that the templates set, by the value that they are made of. */
export const SET_BY_TEMPLATES: Readonly<Record<string, string>> = {
  DATABASE_URL: 'secrets.database',
  SECRETS_KEY: 'secrets.secretsKey',
  OTHER_SECRETS_KEYS: 'secrets.otherSecretsKeys',
  REDIS_URL: 'secrets.redis',
  PROMETHEUS_URL: 'secrets.prometheus',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'secrets.traces',
  BIND_HOST: 'bindHost',
  CATALOGUE_FILE: 'catalogue',
  QUOTA_DEFAULTS_FILE: 'quotaDefaults',
  REST_PORT: 'api.ports.rest',
  GRPC_PORT: 'api.ports.grpc',
  KUBE_PORT: 'api.ports.kube',
  TLS_CERT_FILE: 'api.tls',
  TLS_KEY_FILE: 'api.tls',
  GRPC_CLIENT_CA_FILE: 'api.grpcClientCa',
  KUBE_TLS_CERT_FILE: 'api.kubeTls',
  KUBE_TLS_KEY_FILE: 'api.kubeTls',
  CLUSTER_ID: 'clusters[].id',
  KUBECONFIG: 'clusters[].kubeconfig',
  METRICS_PORT: 'worker.metricsPort',
};

/** Settings that make sense only together, as the services say at their start. */
const TOGETHER: Readonly<Record<string, readonly string[]>> = {
  OIDC_ISSUER: ['OIDC_AUDIENCE'],
  OIDC_AUDIENCE: ['OIDC_ISSUER'],
  OIDC_JWKS_URL: ['OIDC_ISSUER'],
};

export const SERVICE_SETTINGS = { api: API_SETTINGS, worker: WORKER_SETTINGS } as const;
export type Service = keyof typeof SERVICE_SETTINGS;

type AnySetting = Setting<unknown>;

/** Every setting of a service, by its variable. */
export function settingsOf(service: Service): Map<string, AnySetting> {
  const settings: Settings = SERVICE_SETTINGS[service];
  return new Map(Object.values(settings).map((setting) => [setting.variable, setting]));
}

/** What no value may hold in clear, and no name of a file can be given without the file. */
export const needsOwnValue = ({ variable, secret }: AnySetting): boolean =>
  secret || variable.endsWith('_FILE') || variable.endsWith('_PORT');

/** The settings of a service that are given under their own names; never one that is secret, also without a row above. */
export function plainSettings(service: Service): AnySetting[] {
  const settings = [...settingsOf(service).values()];
  return settings.filter((one) => SET_BY_TEMPLATES[one.variable] === undefined && !needsOwnValue(one));
}

/** What both services read and mean the same by. */
export function sharedSettings(): AnySetting[] {
  const ofWorker = settingsOf('worker');
  const isSame = (one: AnySetting): boolean =>
    JSON.stringify(ofWorker.get(one.variable)?.form) === JSON.stringify(one.form);
  return plainSettings('api').filter(isSame);
}

/** A map of settings as the chart takes it. */
export function settingsSchema(description: string, settings: readonly AnySetting[]): Schema {
  const sorted = settings.toSorted((one, other) => (one.variable < other.variable ? -1 : 1));
  const properties: Properties = Object.fromEntries(sorted.map((setting) => [setting.variable, formOf(setting)]));
  const dependencies = Object.fromEntries(Object.entries(TOGETHER).filter(([variable]) => variable in properties));
  return closed(description, properties, Object.keys(dependencies).length === 0 ? {} : { dependencies });
}

/** Numbers above this are written without bounds: they stand for "any". */
const ANY = Number.MAX_SAFE_INTEGER;

function formOf({ form, description, fallback }: AnySetting): Schema {
  const { maximum, ...rest } = form;
  const bound = maximum === undefined || maximum === ANY ? {} : { maximum };
  return {
    ...rest,
    ...bound,
    description: `${description}${fallback === undefined ? '' : ` Without it ${String(fallback)}.`}`,
  };
}
