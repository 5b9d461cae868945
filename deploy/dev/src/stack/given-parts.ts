/** Checks the parts that the environment names before anything leans on them, so that what is wrong is said in one sentence. */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import pg from 'pg';
import { MissingPart } from '../process/missing-part.ts';

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
  if (!URL.canParse(url)) throw new MissingPart('REDIS_URL is no URL: write it like redis://:password@host:6379.');
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

/** @throws MissingPart when there is no such file. */
export function checkKubeconfig(path: string): void {
  if (existsSync(path)) return;
  throw new MissingPart(`KUBECONFIG names ${path}, which does not exist: name another file, or unset the variable.`);
}

/** The code of a system error; a message of the server, which names no password. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return error.message || code || error.name;
}
