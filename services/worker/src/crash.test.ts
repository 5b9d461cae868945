/** A worker process that is killed in the middle, and what the next one makes of it. The worker is run as it is built. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
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

/** Resolves when the process says that it is ready. */
async function startProcess(): Promise<ChildProcess> {
  const env = { ...process.env, ...stack.environment, LOG_LEVEL: 'info', NODE_OPTIONS: '' };
  const child = spawn(process.execPath, [join(FOLDER, 'dist', 'main.js')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let said = '';
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
    said += text;
    if (said.includes('"worker.ready"')) break;
  }
  if (!said.includes('"worker.ready"')) throw new Error(`the worker ended before it was ready:\n${said}`);
  child.stdout.resume();
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

test('a worker killed in the middle of an import leaves nothing undone and nothing doubled', async () => {
  await stack.cluster.imports({ at: 40 });
  const killed = await startProcess();
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
  const child = await startProcess();
  const disk = await stack.wantDisk('system', { source: {} });
  await stack.untilPhase(disk, 'Ready');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});
