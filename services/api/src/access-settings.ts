/** Settings about who may come in and how much each may ask for. docs/access.md explains them. */
import { type ConfigOf, integerSetting, optional, textSetting, urlSetting } from '@compute/runtime';
import { isTrustworthy } from './application/oidc/issuer-keys.ts';
import type { OidcSettings } from './application/oidc/oidc-settings.ts';

/** How many requests of a kind one caller may send in a minute; 0: as many as it likes. */
const perMinute = (variable: string, fallback: number, what: string) =>
  integerSetting(variable, {
    fallback,
    max: 100_000_000,
    description: `${what} of one caller in a minute, and at once after a pause; 0 for no limit.`,
  });

export const ACCESS_SETTINGS = {
  oidcIssuer: optional(
    urlSetting('OIDC_ISSUER', {
      schemes: ['https', 'http'],
      description: 'the issuer whose JWTs are accepted beside API keys, exactly as in their claim `iss`.',
    }),
  ),
  oidcAudience: optional(
    textSetting('OIDC_AUDIENCE', { description: 'what the claim `aud` of a JWT must be or contain.' }),
  ),
  oidcJwksUrl: optional(
    urlSetting('OIDC_JWKS_URL', {
      schemes: ['https', 'http'],
      description: 'where the issuer’s keys are; without it, its discovery document says so.',
    }),
  ),
  oidcProjectClaim: textSetting('OIDC_PROJECT_CLAIM', {
    fallback: 'compute_project',
    description: 'the claim that names the project, or * for every project; dots lead into objects.',
  }),
  oidcScopesClaim: textSetting('OIDC_SCOPES_CLAIM', {
    fallback: 'scope',
    description: 'the claim that holds the scopes, as words or as a list; dots lead into objects.',
  }),
  oidcScopePrefix: textSetting('OIDC_SCOPE_PREFIX', {
    fallback: 'compute:',
    description: 'what stands before read, write and admin in that claim.',
  }),
  readsPerMinute: perMinute('RATE_LIMIT_READS', 60_000, 'reads'),
  writesPerMinute: perMinute('RATE_LIMIT_WRITES', 12_000, 'changes'),
  watchesPerMinute: perMinute('RATE_LIMIT_WATCHES', 600, 'streams opened'),
  refusalsPerMinute: integerSetting('RATE_LIMIT_FAILED_KEYS', {
    fallback: 300,
    max: 100_000_000,
    description: 'refused keys and tokens of one address in a minute, before it has to wait; 0 for no limit.',
  }),
  streamsPerCaller: integerSetting('MAX_STREAMS_PER_CALLER', {
    fallback: 500,
    max: 1_000_000,
    description: 'streams and watches that one caller may hold open at each process; 0 for no limit.',
  }),
  webhooksPerProject: integerSetting('MAX_WEBHOOKS_PER_PROJECT', {
    fallback: 50,
    max: 1_000,
    description: 'webhooks that one project may have; 0 for no limit.',
  }),
  consumersPerProject: integerSetting('MAX_CONSUMERS_PER_PROJECT', {
    fallback: 50,
    max: 1_000,
    description: 'named readers of the usage feed that one project may have; 0 for no limit.',
  }),
  connectionsPerFace: integerSetting('MAX_CONNECTIONS', {
    fallback: 10_000,
    max: 1_000_000,
    description: 'connections of REST, and of kubectl, that a process holds; more are closed at once. 0 for no limit.',
  }),
  trustedProxies: textSetting('TRUSTED_PROXIES', {
    fallback: 'none',
    description: 'addresses and networks (10.0.0.0/8), with commas, whose X-Forwarded-For is believed.',
  }),
  requestTimeoutSeconds: integerSetting('REQUEST_TIMEOUT_SECONDS', {
    fallback: 30,
    min: 1,
    max: 600,
    description: 'how long a client may take to send a request; half of it for the header.',
  }),
  grpcStreamsPerConnection: integerSetting('GRPC_MAX_CONCURRENT_STREAMS', {
    fallback: 1_000,
    min: 1,
    max: 100_000,
    description: 'calls that one gRPC connection may have under way.',
  }),
  tlsCertFile: optional(
    textSetting('TLS_CERT_FILE', {
      description: 'a PEM file with the certificate (and its chain) for REST and gRPC; without it, both are plain.',
    }),
  ),
  tlsKeyFile: optional(textSetting('TLS_KEY_FILE', { description: 'a PEM file with the key of that certificate.' })),
  grpcClientCaFile: optional(
    textSetting('GRPC_CLIENT_CA_FILE', {
      description: 'a PEM file; with it, gRPC clients need a certificate of one of these authorities (mTLS).',
    }),
  ),
} as const;

type AccessConfig = ConfigOf<typeof ACCESS_SETTINGS>;

/** What is wrong with settings that are right one by one. */
export function accessProblems(config: AccessConfig): string[] {
  const { oidcIssuer, oidcAudience, oidcJwksUrl, tlsCertFile, tlsKeyFile, grpcClientCaFile } = config;
  const problems: string[] = [];
  if ((oidcIssuer === undefined) !== (oidcAudience === undefined))
    problems.push('OIDC_ISSUER and OIDC_AUDIENCE must be given both, or none of them.');
  if (oidcJwksUrl !== undefined && oidcIssuer === undefined) problems.push('OIDC_JWKS_URL needs OIDC_ISSUER.');
  for (const [variable, url] of Object.entries({ OIDC_ISSUER: oidcIssuer, OIDC_JWKS_URL: oidcJwksUrl }))
    if (url !== undefined && !isTrustworthy(url)) problems.push(`${variable} must be https, except on loopback.`);
  if ((tlsCertFile === undefined) !== (tlsKeyFile === undefined))
    problems.push('TLS_CERT_FILE and TLS_KEY_FILE must be given both, or none of them.');
  if (grpcClientCaFile !== undefined && tlsCertFile === undefined)
    problems.push('GRPC_CLIENT_CA_FILE needs TLS_CERT_FILE and TLS_KEY_FILE.');
  return problems;
}

/** Absent: API keys only. */
export function oidcSettings(config: AccessConfig): OidcSettings | undefined {
  const { oidcIssuer: issuer, oidcAudience: audience, oidcJwksUrl: jwksUrl } = config;
  if (issuer === undefined || audience === undefined) return undefined;
  return {
    ...{ issuer, audience, projectClaim: config.oidcProjectClaim },
    ...{ scopesClaim: config.oidcScopesClaim, scopePrefix: config.oidcScopePrefix },
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
  };
}
