/** Checks the parts that the environment names before anything leans on them, so that what is wrong is said in one sentence. */
import { existsSync, realpathSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, delimiter, dirname, join, resolve, sep } from 'node:path';
import { KubeClient, KubeError } from '@compute/kube-client';
import pg from 'pg';
import { MissingPart } from '../process/missing-part.ts';
import type { StateFolder } from './state-folder.ts';
import { shown } from './welcome.ts';

const PATIENCE_MS = 5_000;

/** @throws MissingPart when nothing answers there or the database refuses. */
export async function checkDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: PATIENCE_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new MissingPart(
      `The Postgres of DATABASE_URL cannot be used (${reasonOf(error)}): start it, or unset the variable.`,
      error,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** @throws MissingPart when nothing listens there. */
export async function checkRedis(url: string): Promise<void> {
  if (!URL.canParse(url))
    throw new MissingPart('REDIS_URL is no URL: write it like redis://default:password@host:6379.');
  const { hostname, port } = new URL(url);
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port || 6379), timeout: PATIENCE_MS });
    const refuse = (reason: string) => {
      socket.destroy();
      reject(new MissingPart(`The Redis of REDIS_URL cannot be used (${reason}): start it, or unset the variable.`));
    };
    socket.once('connect', () => resolve(void socket.destroy()));
    socket.once('timeout', () => refuse('no answer'));
    socket.once('error', (error) => refuse(reasonOf(error)));
  });
}

/** What the environment names instead of the parts that a stack runs itself; a part that is absent is started. */
export interface GivenParts {
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly cluster?: GivenCluster;
  /** KUBECONFIG when it names a file that this stack wrote itself, which gives no cluster. */
  readonly ownKubeconfig?: string;
}

export interface GivenCluster {
  /** An absolute path. */
  readonly kubeconfig: string;
  /** The address of its API server. */
  readonly server: string;
}

/**
 * Asks every part that the environment names once, before anything is started.
 * @throws MissingPart with the remedy when one of them cannot be used.
 */
export async function checkGivenParts(
  folder: Pick<StateFolder, 'path'>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<GivenParts> {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, KUBECONFIG: kubeconfig } = env;
  if (databaseUrl) await checkDatabase(databaseUrl);
  if (redisUrl) await checkRedis(redisUrl);
  const isOwn = kubeconfig ? isOnlyBelow(folder.path, kubeconfig) : false;
  return {
    ...(databaseUrl ? { databaseUrl } : {}),
    ...(redisUrl ? { redisUrl } : {}),
    ...(kubeconfig && isOwn ? { ownKubeconfig: shown(resolve(kubeconfig)) } : {}),
    ...(kubeconfig && !isOwn ? { cluster: await checkCluster(kubeconfig) } : {}),
  };
}

const REMEDY = '`unset KUBECONFIG` to use the simulated cluster';

/** @throws MissingPart when the file cannot be read or its server does not answer in time. */
export async function checkCluster(kubeconfig: string, patienceMs = PATIENCE_MS): Promise<GivenCluster> {
  const path = resolve(kubeconfig);
  if (!existsSync(path)) {
    const several = kubeconfig.includes(delimiter) ? ' (the stack takes one file, no list)' : '';
    throw new MissingPart(`KUBECONFIG names ${kubeconfig}, which does not exist${several}: ${REMEDY}.`);
  }
  const client = openKubeconfig(path, patienceMs);
  const server = withoutUser(client.server);
  try {
    await client.raw('GET', '/version');
  } catch (error) {
    // A server that forbids the question has answered it: what the account may do shows in the worker's work.
    if (!(error instanceof KubeError && error.status === 403)) throw unanswered(server, path, error);
  } finally {
    await client.close();
  }
  return { kubeconfig: path, server };
}

function openKubeconfig(path: string, timeoutMs: number): KubeClient {
  try {
    return KubeClient.fromKubeconfigFile(path, { timeoutMs, connections: 1 });
  } catch (error) {
    // The parser's words may quote the file, which holds credentials.
    throw new MissingPart(`KUBECONFIG names ${path}, which is no kubeconfig with a current cluster: ${REMEDY}.`, error);
  }
}

function unanswered(server: string, path: string, error: unknown): MissingPart {
  const refused = error instanceof KubeError && error.status > 0;
  const outcome = refused ? `refuses its credentials or the question (${error.status})` : 'does not answer';
  return new MissingPart(`The cluster of KUBECONFIG (${path}, ${server}) ${outcome}: start it, or ${REMEDY}.`, error);
}

function withoutUser(address: string): string {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href.replace(/\/$/, '');
}

/** True when every file of a KUBECONFIG lies below the folder, whether it exists or not. */
function isOnlyBelow(folder: string, kubeconfig: string): boolean {
  const home = `${realPath(folder)}${sep}`;
  return kubeconfig
    .split(delimiter)
    .filter(Boolean)
    .every((file) => realPath(file).startsWith(home));
}

/** The path without links as far as it exists. */
function realPath(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return realpathSync(absolute);
  const parent = dirname(absolute);
  return parent === absolute ? absolute : join(realPath(parent), basename(absolute));
}

/** The code of a system error; a message of the server, which names no password. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return error.message || code || error.name;
}
