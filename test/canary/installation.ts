/** API, worker and simulated cluster in this process, with everything that leaves them kept: logs, spans, Redis' commands. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningApi, readApiConfig, startApi } from '@compute/api';
import { type KubeClient, kubeClient } from '@compute/api/testing';
import { selfSignedCertificate } from '@compute/kube-wire';
import { createLogger } from '@compute/runtime';
import { startSimulator } from '@compute/simulator';
import { openStore, type Store } from '@compute/store';
import { freshDatabase, freshRedis } from '@compute/test-services';
import { readWorkerConfig, startWorker } from '@compute/worker';
import { startOtlpReceiver } from '../traces/otlp-receiver.ts';
import { listenToRedis, type RedisEar } from './redis-ear.ts';

export interface Installation {
  readonly api: RunningApi;
  readonly store: Store;
  readonly kube: KubeClient;
  readonly redis: RedisEar;
  readonly environment: Readonly<Record<string, string>>;
  /** A key of the project `demo` with every scope. */
  readonly key: string;
  logs(): string;
  spans(): string;
  metrics(): Promise<string>;
  close(): Promise<void>;
}

export async function openInstallation(): Promise<Installation> {
  const [receiver, simulator, folder] = await Promise.all([
    startOtlpReceiver(),
    startSimulator({ timeScale: 20 }),
    mkdtemp(join(tmpdir(), 'canary-')),
  ]);
  const [database, redisServer] = await Promise.all([freshDatabase(), freshRedis()]);
  const redis = await listenToRedis(redisServer.url);
  const { cert, key: certKey, ca } = selfSignedCertificate(['127.0.0.1']);
  const [certFile, keyFile, kubeconfig] = ['tls.crt', 'tls.key', 'kubeconfig'].map((name) => join(folder, name));
  const files = [certFile, keyFile, kubeconfig].map(String);
  await Promise.all([cert, certKey, simulator.kubeconfig].map((text, at) => writeFile(files[at] ?? '', text)));
  const environment = {
    ...{ DATABASE_URL: database.url, SECRETS_KEY: randomBytes(32).toString('base64') },
    ...{ REDIS_URL: redisServer.url, QUEUE_PREFIX: redisServer.prefix, KUBECONFIG: String(kubeconfig) },
    ...{ REST_PORT: '0', GRPC_PORT: '0', KUBE_PORT: '0', ALLOW_PRIVATE_SOURCES: 'true' },
    ...{ KUBE_TLS_CERT_FILE: String(certFile), KUBE_TLS_KEY_FILE: String(keyFile) },
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
  };
  let logs = '';
  const destination = {
    write: (line: string) => {
      logs += line;
    },
  };
  const loggerOf = (service: string) => createLogger({ service, level: 'trace', destination });
  const store = await openStore({
    ...{ databaseUrl: environment.DATABASE_URL, secretsKey: environment.SECRETS_KEY },
    ...{ applicationName: 'canary', quotaDefaults: {} },
  });
  await store.createProject('demo');
  const { token: key } = await store.createApiKey({ name: 'canary', scopes: ['admin'], project: 'demo' });
  const api = await startApi(readApiConfig(environment), { logger: loggerOf('api') });
  const worker = await startWorker(readWorkerConfig(environment), { logger: loggerOf('worker') });
  const services = { close: () => Promise.all([api.close(), worker.close()]) };
  return {
    ...{ api, store, redis, environment, key },
    kube: kubeClient(api.kubeUrl ?? '', ca, key),
    logs: () => logs,
    spans: () => receiver.bodies.join('\n'),
    metrics: async () => {
      const replies = await Promise.all([fetch(`${api.restUrl}/metrics`), fetch(worker.metricsUrl)]);
      return (await Promise.all(replies.map((reply) => reply.text()))).join('\n');
    },
    close: async () => {
      await services.close();
      await store.close();
      await simulator.close();
      await receiver.close();
      redis.close();
      await redisServer.stop();
      await rm(folder, { recursive: true });
    },
  };
}
