/**
 * Puts an API process together: what it is made of, in which order it starts and, in reverse, how it stops. Stopping
 * takes no more requests, ends every stream with a word to its client, lets requests be answered, then closes the store.
 */
import type { Catalogue } from '@compute/domain';
import {
  createLogger,
  type Environment,
  followSecretsKeys,
  type Logger,
  openTracer,
  readCatalogue,
  Shutdown,
} from '@compute/runtime';
import { openStore, type Store, WrappingKeys } from '@compute/store';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ApiConfig } from './api-config.ts';
import { ApiObservation } from './api-observation.ts';
import { createApiParts } from './application/api-parts.ts';
import { addressFinder } from './client-address.ts';
import { type GrpcServer, startGrpcServer } from './grpc/grpc-server.ts';
import { type KubeFace, startKubeFace } from './kube/kube-face.ts';
import { openCertificates } from './open-certificates.ts';
import { openOidc } from './open-oidc.ts';
import { OpenStreams } from './open-streams.ts';
import { readQuotaDefaults } from './quota-defaults.ts';
import { createRestServer } from './rest/rest-server.ts';
import { StreamSettings } from './rest/stream-settings.ts';
import { tracedStore } from './traced-store.ts';

const REST_CLOSE_MS = 3_000;

export interface StartApiOptions {
  readonly logger?: Logger;
  /** Given by the process entry, so that a signal during the start ends it in order. */
  readonly shutdown?: Shutdown;
  /** Where the configuration came from: keys that it reads from files are followed there. */
  readonly environment?: Environment;
}

export interface RunningApi {
  /** Without a slash at its end: `http://127.0.0.1:8080`. */
  readonly restUrl: string;
  /** `127.0.0.1:9090`. */
  readonly grpcAddress: string;
  /** `https://127.0.0.1:8443`; absent without a certificate for this face. */
  readonly kubeUrl?: string;
  /** Stops in order. Safe to call twice. */
  close(): Promise<void>;
}

/** Resolves when all faces answer. Throws when the database cannot be reached, a port is taken or a file not readable. */
export async function startApi(config: ApiConfig, options: StartApiOptions = {}): Promise<RunningApi> {
  const logger = options.logger ?? createLogger({ service: 'api', level: config.logLevel });
  const shutdown = options.shutdown ?? new Shutdown({ logger });
  const close = async (): Promise<void> => void (await shutdown.stop('closed'));
  try {
    const keys = new WrappingKeys(config.secretsKey, config.otherSecretsKeys);
    const stopFollowing = followSecretsKeys(options.environment ?? {}, keys, logger);
    shutdown.register('keys', async () => stopFollowing());
    return { ...(await startFaces(config, keys, logger, shutdown)), close };
  } catch (error) {
    if (!shutdown.stopping) logger.event('api.start-failed', { err: error });
    await close();
    throw error;
  }
}

async function startFaces(
  config: ApiConfig,
  keys: WrappingKeys,
  logger: Logger,
  shutdown: Shutdown,
): Promise<Omit<RunningApi, 'close'>> {
  const catalogue = await readCatalogue(config.catalogueFile);
  const tracer = await openTracer('api', config);
  shutdown.register('traces', () => tracer.close());
  const observation = new ApiObservation(logger, tracer);
  const store = await openApiStore(config, keys, catalogue, observation);
  shutdown.register('store', () => store.close());
  const followed = await store.quota.followDefaults();
  if (followed > 0) logger.event('quota.defaults-followed', { limits: followed });
  observation.health.register('database', () => store.ping());
  const { watchers } = observation.metrics.instruments;
  const streams = new OpenStreams((face, change) => watchers.inc({ face }, change), config.streamsPerCaller);
  const oidc = await openOidc(config, logger);
  const parts = createApiParts({
    store: tracedStore(store, tracer),
    catalogue,
    ...config,
    keys,
    admission: config,
    ...(oidc ? { oidc } : {}),
  });
  const certificates = await openCertificates(config, logger);
  shutdown.register('certificates', () => certificates.close());
  const heartbeatMs = config.heartbeatSeconds * 1_000;
  const requestTimeoutMs = config.requestTimeoutSeconds * 1_000;
  const addressOf = addressFinder(config.trustedProxies);
  const face = { parts, streams, observation, heartbeatMs, addressOf, requestTimeoutMs, host: config.bindHost };
  const streaming = new StreamSettings(streams, heartbeatMs, parts.authenticator);
  const maxConnections = config.connectionsPerFace;
  const door = { addressOf, requestTimeoutMs, maxConnections, certificate: certificates.shared };
  const rest = await listenRest(config, await createRestServer(parts, streaming, observation, door));
  shutdown.register('rest', () => closeRest(rest.app));
  const grpc: GrpcServer = await startGrpcServer({
    ...face,
    port: config.grpcPort,
    streamsPerConnection: config.grpcStreamsPerConnection,
    certificate: certificates.grpc,
  });
  shutdown.register('grpc', () => grpc.close());
  // Nothing is served for kubectl without a certificate: it would send no API key.
  const kube: KubeFace | undefined =
    certificates.kube &&
    (await startKubeFace({ ...face, maxConnections, port: config.kubePort, certificate: certificates.kube }));
  if (kube) shutdown.register('kube', () => kube.close());
  shutdown.register('streams', () => streams.endAll());
  shutdown.register('readiness', () => observation.health.drain());
  const kubeUrl = kube ? { kubeUrl: `https://${hostForUrl(config.bindHost)}:${kube.port}` } : {};
  return { restUrl: rest.url, grpcAddress: grpc.address, ...kubeUrl };
}

async function listenRest(
  config: ApiConfig,
  app: NestFastifyApplication,
): Promise<{ app: NestFastifyApplication; url: string }> {
  await app.listen(config.restPort, config.bindHost);
  const address = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null ? address.port : config.restPort;
  const scheme = config.tlsCertFile === undefined ? 'http' : 'https';
  return { app, url: `${scheme}://${hostForUrl(config.bindHost)}:${port}` };
}

/** Answers what has been asked, at most for a moment: a connection on which nothing was asked yet would hold up the end. */
async function closeRest(app: NestFastifyApplication): Promise<void> {
  const cut = setTimeout(() => app.getHttpServer().closeAllConnections(), REST_CLOSE_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}

const hostForUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

async function openApiStore(
  config: ApiConfig,
  keys: WrappingKeys,
  catalogue: Catalogue,
  observation: ApiObservation,
): Promise<Store> {
  const { logger, metrics } = observation;
  return openStore({
    databaseUrl: config.databaseUrl,
    secretsKey: keys,
    poolSize: config.databasePoolSize,
    applicationName: 'compute-api',
    quotaDefaults: await readQuotaDefaults(config.quotaDefaultsFile, catalogue),
    usagePeriod: config.usagePeriod,
    onFeedLag: (lagMs) => metrics.instruments.feedLagSeconds.observe(lagMs / 1_000),
    onError: (err) => logger.event('store.trouble', { err }),
  });
}
