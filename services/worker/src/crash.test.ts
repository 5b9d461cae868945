/** A worker process that is killed in the middle, and what the next one makes of it. The worker is run as it is built. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { WorkerStack } from './fixtures/worker-stack.ts';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));
const BUILD_TIMEOUT_MS = 120_000;

let stack: WorkerStack;
const children: ChildProcess[] = [];

beforeAll(async () => {
  const require = createRequire(import.meta.url);
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [compiler, '-b', FOLDER]);
}, BUILD_TIMEOUT_MS);
beforeEach(async () => {
  stack = await WorkerStack.start();
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => kill(child)));
  await stack.close();
});

/** Resolves when the process says `phrase`, with the line that says it. */
async function startProcess(phrase = 'worker.ready', environment: Record<string, string> = {}) {
  const env = { ...process.env, ...stack.environment, LOG_LEVEL: 'info', NODE_OPTIONS: '', ...environment };
  const child = spawn(process.execPath, [join(FOLDER, 'dist', 'main.js')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let said = '';
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
    said += text;
    const line = said.split('\n').find((one) => one.endsWith('}') && one.includes(phrase));
    if (line === undefined) continue;
    child.stdout.resume();
    return { child, line: JSON.parse(line) as Record<string, unknown> };
  }
  throw new Error(`the worker ended before it said '${phrase}':\n${said}`);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

test('a worker killed in the middle of an import leaves nothing undone and nothing doubled', async () => {
  await stack.cluster.imports({ at: 40 });
  const { child: killed } = await startProcess();
  const vm = await stack.wantVm('web', { disks: ['system'] });
  const disk = await stack.wantDisk('system');
  await stack.until(disk, (now) => now?.status.import?.percent === 40);
  await kill(killed);
  await stack.cluster.imports('succeed');
  await startProcess();
  await stack.untilPhase(disk, 'Ready');
  await stack.untilPhase(vm, 'Running');
  const applies = stack.cluster.writes.filter((write) => /datavolumes|virtualmachines/.test(write));
  expect(applies).toHaveLength(2);
}, 60_000);

test('a worker that is asked to end does so in order, with exit code 0', async () => {
  const { child } = await startProcess();
  const disk = await stack.wantDisk('system', { source: {} });
  await stack.untilPhase(disk, 'Ready');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

test('a worker whose cluster is away lives, is not ready, and ends in order when asked', async () => {
  const kubeconfig = await readFile(stack.cluster.kubeconfigPath, 'utf8');
  const away = `${stack.cluster.kubeconfigPath}-away`;
  await writeFile(away, kubeconfig.replace(/server: \S+/, 'server: http://127.0.0.1:9'));
  const { child, line } = await startProcess('waiting for the first lists', { KUBECONFIG: away });
  const base = String(line.metricsUrl).replace('/metrics', '');
  expect((await fetch(`${base}/healthz`)).status).toBe(200);
  const ready = await fetch(`${base}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain('not listed yet');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});
