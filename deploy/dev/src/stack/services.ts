/** How the two services of the product are started in a stack: their programs, their environment, their log files. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { MissingPart } from '../process/missing-part.ts';
import { ensureCertificate } from './kubectl-access.ts';
import { type StackProcess, startProcess } from './stack-process.ts';
import type { StateFolder } from './state-folder.ts';

/** What every service of a stack is told. */
export interface StackBackends {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Of the cluster that the worker drives. */
  readonly kubeconfig: string;
}

export interface ApiPorts {
  readonly rest: number;
  readonly grpc: number;
  readonly kube: number;
}

export function startApi(
  folder: StateFolder,
  backends: StackBackends,
  ports: ApiPorts,
  name = 'api',
): Promise<StackProcess> {
  ensureCertificate(folder);
  return startProcess({
    name,
    command: ['services/api/dist/main.js'],
    logFile: join(folder.logs, `${name}.log`),
    readyFrom: readyEvent('api.ready'),
    env: {
      ...DEVELOPMENT_LIMITS,
      ...sharedEnvironment(folder, backends),
      REST_PORT: String(ports.rest),
      GRPC_PORT: String(ports.grpc),
      KUBE_PORT: String(ports.kube),
      KUBE_TLS_CERT_FILE: folder.kubeCertFile,
      KUBE_TLS_KEY_FILE: folder.kubeKeyFile,
    },
  });
}

export function startWorker(
  folder: StateFolder,
  backends: StackBackends,
  metricsPort: number,
  name = 'worker',
): Promise<StackProcess> {
  return startProcess({
    name,
    command: ['services/worker/dist/main.js'],
    logFile: join(folder.logs, `${name}.log`),
    readyFrom: readyEvent('worker.ready'),
    env: {
      ...sharedEnvironment(folder, backends),
      REDIS_URL: backends.redisUrl,
      QUEUE_PREFIX: queuePrefix(folder),
      KUBECONFIG: backends.kubeconfig,
      METRICS_PORT: String(metricsPort),
    },
  });
}

/** Asks until the address answers with success. */
export async function answers(url: string, patienceMs = 30_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const status = await fetch(url).then(
      (response) => response.status,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (status === 200) return;
    if (Date.now() > deadline) throw new MissingPart(`${url} does not answer with success (${status}).`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function readyEvent(event: string): (line: Record<string, unknown>) => Record<string, unknown> | undefined {
  return (line) => (line.msg === event || line.event === event ? line : undefined);
}

/** Ten times what the API allows by default: a machine of one's own may be put under load. What is given counts. */
const DEVELOPMENT_LIMITS: Readonly<Record<string, string>> = {
  RATE_LIMIT_READS: process.env.RATE_LIMIT_READS ?? '600000',
  RATE_LIMIT_WRITES: process.env.RATE_LIMIT_WRITES ?? '120000',
  RATE_LIMIT_WATCHES: process.env.RATE_LIMIT_WATCHES ?? '6000',
  MAX_STREAMS_PER_CALLER: process.env.MAX_STREAMS_PER_CALLER ?? '5000',
};

function sharedEnvironment(folder: StateFolder, backends: StackBackends): Record<string, string> {
  const given = process.env.SECRETS_KEY || process.env.SECRETS_KEY_FILE;
  return {
    DATABASE_URL: backends.databaseUrl,
    BIND_HOST: '127.0.0.1',
    // The images of a stack come from loopback.
    ALLOW_PRIVATE_SOURCES: process.env.ALLOW_PRIVATE_SOURCES ?? 'true',
    LOG_LEVEL: logLevel(),
    ...(given ? {} : { SECRETS_KEY_FILE: folder.secretsKeyFile }),
  };
}

/** The stack waits for an event of level `info`, so a quieter level would hide it. */
function logLevel(): string {
  const wanted = process.env.LOG_LEVEL ?? 'info';
  return ['trace', 'debug', 'info'].includes(wanted) ? wanted : 'info';
}

/** Stacks that share a given Redis stay apart. */
function queuePrefix(folder: StateFolder): string {
  return process.env.QUEUE_PREFIX || `stack-${createHash('sha256').update(folder.path).digest('hex').slice(0, 8)}`;
}
