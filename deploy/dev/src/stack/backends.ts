/**
 * What the services lean on: Postgres, Redis and a cluster. Each is the one that the environment names (DATABASE_URL,
 * REDIS_URL, KUBECONFIG), and then nothing is started for it, or one that the stack runs itself.
 */
import { join } from 'node:path';
import { startImageServer } from '@compute/simulator';
import pg from 'pg';
import { startPostgres } from '../servers/postgres.ts';
import { startRedis } from '../servers/redis.ts';
import type { GivenParts } from './given-parts.ts';
import { keepRunning, type Server } from './kept-running.ts';
import { startCluster } from './simulated-cluster.ts';
import type { StackFile, StackPids } from './stack-file.ts';
import type { StackPorts } from './stack-ports.ts';
import type { StateFolder } from './state-folder.ts';

export interface BackendSettings {
  readonly folder: StateFolder;
  /** Parts that are used as they are, and were found to answer. */
  readonly given: GivenParts;
  readonly ports: StackPorts;
  readonly say: (line: string) => void;
  /** Called in the order of start, so that the caller can stop in the reverse order. */
  readonly onStarted: (name: string, part: { stop(): Promise<void> }) => void;
  /** Called when a server that ended by itself runs again, with its new process. */
  readonly onRestart: (pids: Partial<StackPids>) => void;
}

export interface BackendServers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly kubeconfig: string;
  readonly cluster: StackFile['cluster'];
  readonly images: string;
  /** The processes that the stack runs itself, as they are now. */
  pids(): Partial<StackPids>;
}

type EmbeddedName = 'postgres' | 'redis' | 'cluster';

export async function startBackends(settings: BackendSettings): Promise<BackendServers> {
  const pids = new Map<EmbeddedName, { pid: number }>();
  const keep = <T extends Server>(name: EmbeddedName, first: T, start: () => Promise<T>) => {
    const onRestart = (server: T) => settings.onRestart({ [name]: server.pid });
    const kept = keepRunning({ name, first, start, say: settings.say, onRestart });
    pids.set(name, kept);
    settings.onStarted(name, kept);
  };
  const databaseUrl = await startDatabase(settings, keep);
  const redisUrl = await startQueue(settings, keep);
  const cluster = await startOrFindCluster(settings, keep);
  return {
    databaseUrl,
    redisUrl,
    kubeconfig: cluster.kubeconfig,
    cluster,
    images: await serveImages(settings),
    pids: () => Object.fromEntries([...pids].map(([name, kept]) => [name, kept.pid])),
  };
}

type Keep = <T extends Server>(name: EmbeddedName, first: T, start: () => Promise<T>) => void;

async function startDatabase({ folder, given, ports, say }: BackendSettings, keep: Keep): Promise<string> {
  if (given.databaseUrl !== undefined) {
    say('Postgres: given by DATABASE_URL');
    return given.databaseUrl;
  }
  const logFile = join(folder.logs, 'postgres.log');
  const start = (port: number) => startPostgres({ dir: folder.postgres, durable: true, port, logFile });
  const server = await start(ports.postgres);
  keep('postgres', server, () => start(server.port));
  say(`Postgres: ${server.description}`);
  return ensureDatabase(server.url);
}

/** The stack's own database, so that `postgres` stays the place to administer from. */
async function ensureDatabase(serverUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const found = await client.query("select 1 from pg_database where datname = 'compute'");
    if (found.rowCount === 0) await client.query('create database compute');
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = '/compute';
  return url.href;
}

async function startQueue({ folder, given, ports, say }: BackendSettings, keep: Keep): Promise<string> {
  if (given.redisUrl !== undefined) {
    say('Redis: given by REDIS_URL');
    return given.redisUrl;
  }
  const logFile = join(folder.logs, 'redis.log');
  const start = (port: number) => startRedis({ dir: folder.redis, port, logFile, say });
  const server = await start(ports.redis);
  keep('redis', server, () => start(server.port));
  say(`Redis: ${server.description}`);
  return server.url;
}

async function startOrFindCluster(settings: BackendSettings, keep: Keep): Promise<StackFile['cluster']> {
  const { folder, given, ports, say } = settings;
  if (given.cluster !== undefined) {
    say(`Cluster: given by KUBECONFIG, ${given.cluster.server}`);
    return { kubeconfig: given.cluster.kubeconfig };
  }
  const start = () => startCluster(folder, ports);
  const server = await start();
  keep('cluster', server, start);
  say(`Cluster: simulated${given.ownKubeconfig ? ` (KUBECONFIG names the stack’s own ${given.ownKubeconfig})` : ''}`);
  const control = server.ready.control;
  return { kubeconfig: folder.clusterKubeconfig, ...(typeof control === 'string' ? { control } : {}) };
}

async function serveImages({ ports, onStarted }: BackendSettings): Promise<string> {
  const server = await startImageServer({ port: ports.images });
  onStarted('images', { stop: () => server.close() });
  return server.url;
}
