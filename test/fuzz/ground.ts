/** A stack of its own for the attack: real Postgres, Redis, a simulated cluster, API and worker as processes. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { StackFile } from '@compute/dev-stack';
import { PROBED, ProcessProbe } from './process-probe.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);
const LOTS = 64 * 2 ** 20;

export interface Ground {
  readonly stack: StackFile;
  /** What the kubectl face's certificate is checked with. */
  readonly kubeCa: string;
  readonly probes: Readonly<Record<'api' | 'worker', ProcessProbe>>;
  /** The operator's command against this stack; its JSON. Rejects when it finds something wrong. */
  operate(...args: readonly string[]): Promise<unknown>;
  /** Lines that the services logged as errors. */
  loggedErrors(): string[];
  stop(): Promise<void>;
}

const NO_LIMITS = {
  RATE_LIMIT_READS: '0',
  RATE_LIMIT_WRITES: '0',
  RATE_LIMIT_WATCHES: '0',
  RATE_LIMIT_FAILED_KEYS: '0',
};

export async function openGround(): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  chmodSync(folder, 0o755); // Postgres does not run as root and must be able to enter
  // Only parts of its own: nobody else's database is attacked because a variable names it.
  const { DATABASE_URL: _database, REDIS_URL: _redis, KUBECONFIG: _cluster, ...rest } = process.env;
  const env = { ...rest, DEV_DIR: folder, CLUSTER_TIME_SCALE: '20', ...NO_LIMITS, ...PROBED };
  const dev = (command: string, ...args: string[]) =>
    run(process.execPath, [join(ROOT, 'deploy/dev/dist/cli.js'), command, ...args], {
      cwd: ROOT,
      env,
      maxBuffer: LOTS,
    });
  await dev('start', '--detach');
  const stack = JSON.parse(readFileSync(join(folder, 'stack.json'), 'utf8')) as StackFile;
  const probe = (name: 'api' | 'worker') =>
    new ProcessProbe(stack.pids[name]?.[0] ?? 0, join(stack.logs, `${name}.log`));
  return {
    stack,
    kubeCa: readFileSync(join(folder, 'kube.crt'), 'utf8'),
    probes: { api: probe('api'), worker: probe('worker') },
    operate: async (...args) => {
      const entry = join(ROOT, 'deploy/operate/dist/cli.js');
      const { stdout } = await run(process.execPath, [entry, ...args, '--stack', folder, '--json'], {
        cwd: ROOT,
        maxBuffer: LOTS,
      });
      return JSON.parse(stdout);
    },
    loggedErrors: () => ['api', 'worker'].flatMap((name) => errorsIn(join(stack.logs, `${name}.log`))),
    stop: async () => {
      await dev('reset');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function errorsIn(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\{"level":"(error|fatal)"/.test(line));
}
