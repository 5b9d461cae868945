/** The settings that both services share, so that a variable means the same everywhere. */
import { keySetting, keysSetting, oneOfSetting, optional, ratioSetting, textSetting, urlSetting } from './settings.ts';

export const SHARED_SETTINGS = {
  databaseUrl: urlSetting('DATABASE_URL', {
    schemes: ['postgresql', 'postgres'],
    secret: true,
    description: 'where Postgres is, for example postgresql://user:password@host:5432/compute.',
  }),
  secretsKey: keySetting('SECRETS_KEY', {
    bytes: 32,
    description:
      'the key that wraps the projects’ data keys, 32 bytes in base64 (make one with: openssl rand -base64 32).',
  }),
  otherSecretsKeys: keysSetting('OTHER_SECRETS_KEYS', {
    bytes: 32,
    description:
      'keys that open and seal nothing new, with commas between: the next one before a change of SECRETS_KEY, the last one after it.',
  }),
  logLevel: oneOfSetting('LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    fallback: 'info',
    description: 'the least level of log events that are written.',
  }),
  usagePeriod: oneOfSetting('USAGE_PERIOD', ['hour', 'minute'], {
    fallback: 'hour',
    description: 'at which boundaries open usage intervals are closed.',
  }),
  tracesEndpoint: optional(
    urlSetting('OTEL_EXPORTER_OTLP_ENDPOINT', {
      schemes: ['http', 'https'],
      secret: true,
      description:
        'where traces are sent by OTLP over HTTP, for example http://collector:4318; without it none are made.',
    }),
  ),
  tracesRatio: ratioSetting('OTEL_TRACES_SAMPLER_ARG', {
    fallback: 1,
    description: 'the share of traces that are kept, of those that begin here; a caller’s own are kept as it says.',
  }),
  bindHost: textSetting('BIND_HOST', {
    fallback: '127.0.0.1',
    description: 'the address that the service listens on.',
  }),
} as const;
