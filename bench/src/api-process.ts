/** What benches of the API share: a database with projects, the API as a process of its own, and a machine to create. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startProcess } from '@compute/dev-stack';
import { migrate, openStore } from '@compute/store';
import pg from 'pg';
import type { BenchContext } from './bench.ts';

/** Projects are `<prefix>0` to `<prefix><count - 1>`. */
export const PROJECTS = 64;
export const PREFIX = 'bench-';

export interface ApiProcess {
  readonly url: string;
  readonly grpcAddress: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A migrated database with projects, and a key that may do everything in it. */
export interface BenchDatabase {
  readonly url: string;
  readonly secretsKey: string;
  readonly apiKey: string;
}

/** `quotaDefaults` as the store takes them; without them nothing is limited. */
export async function openDatabase(serverUrl: string, name: string): Promise<BenchDatabase> {
  const admin = new pg.Pool({ connectionString: serverUrl, max: 1 });
  await admin.query(`create database ${name}`);
  await admin.end();
  const target = new URL(serverUrl);
  target.pathname = `/${name}`;
  await migrate(target.href);
  const secretsKey = randomBytes(32).toString('base64');
  const store = await openStore({ databaseUrl: target.href, secretsKey, applicationName: 'bench', quotaDefaults: {} });
  for (let index = 0; index < PROJECTS; index += 1) await store.createProject(`${PREFIX}${index}`);
  const key = await store.createApiKey({ name: 'bench', scopes: ['read', 'write', 'admin'] });
  await store.close();
  return { url: target.href, secretsKey, apiKey: key.token };
}

/** The product's API as a process of its own, on free ports, without limits for callers. */
export async function startApi(
  context: BenchContext,
  databaseUrl: string,
  secretsKey: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ApiProcess> {
  const port = await freePort();
  const grpcPort = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bench-api-'));
  context.defer(async () => rmSync(folder, { recursive: true, force: true }));
  const logFile = join(folder, 'api.log');
  const env = {
    DATABASE_URL: databaseUrl,
    SECRETS_KEY: secretsKey,
    REST_PORT: String(port),
    QUOTA_DEFAULTS_FILE: 'unlimited',
    // What is measured is the work, not the limit.
    ...{ RATE_LIMIT_READS: '0', RATE_LIMIT_WRITES: '0', RATE_LIMIT_WATCHES: '0' },
    GRPC_PORT: String(grpcPort),
    LOG_LEVEL: 'info',
    ...settings,
  };
  const part = await startProcess({
    name: 'api',
    command: ['services/api/dist/main.js'],
    env,
    logFile,
    readyFrom: (line) => (line.event === 'api.ready' ? line : undefined),
  });
  context.defer(() => part.stop());
  return {
    url: `http://127.0.0.1:${port}`,
    grpcAddress: `127.0.0.1:${grpcPort}`,
    pid: part.pid,
    stop: () => part.stop(),
  };
}

/** The path of the machines of one of the projects. */
export function machinesPath(project: number): string {
  return `/v1/projects/${PREFIX}${project}/vm-instances`;
}

/** The smallest sensible manifest of a machine, without disks. */
export function machineBody(name: string): string {
  return JSON.stringify({
    apiVersion: 'apps.cozystack.io/v1alpha1',
    kind: 'VMInstance',
    metadata: { name },
    spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu', running: true, disks: [] },
  });
}
