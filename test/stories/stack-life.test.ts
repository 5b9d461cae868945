/** The life of a development stack as scripts see it: what survives a stop, a crash and a killed part. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningStack } from './running-stack.ts';

const PATIENCE_MS = 20_000;

let stack: RunningStack;

beforeAll(async () => {
  stack = await RunningStack.start();
}, 120_000);
afterAll(async () => stack?.stop(), 60_000);

/** Polls, because nothing tells a script when a process has gone. */
async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not happen`);
    await delay(50);
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z'); // ended and not yet reaped
  } catch {
    return false;
  }
}

async function ready(): Promise<true | undefined> {
  const answer = await fetch(`${stack.facts.rest}/readyz`).catch(() => undefined);
  return answer?.ok ? true : undefined;
}

/** What a person or a script keeps: it must be the same after a restart. */
function addressesAndKeys() {
  const { rest, grpc, docs, images, apiKey, adminKey, project, cluster } = stack.facts;
  return { rest, grpc, docs, images, apiKey, adminKey, project, cluster };
}

describe('a development stack', { timeout: 120_000 }, () => {
  it('names everything in stack.json, and all of it answers', async () => {
    const facts = stack.facts as unknown as Record<string, unknown>;
    const names = [
      'rest',
      'grpc',
      'docs',
      'metrics',
      'project',
      'apiKey',
      'adminKey',
      'cluster',
      'images',
      'databaseUrl',
    ];
    for (const name of [...names, 'redisUrl', 'logs', 'pids']) expect(facts[name], name).toBeDefined();
    for (const url of [...stack.facts.metrics, stack.facts.docs]) expect((await fetch(url)).status, url).toBe(200);
    expect((await fetch(new URL('ubuntu.qcow2', stack.facts.images), { method: 'HEAD' })).status).toBe(200);
  });

  it('takes one more worker and one more API, and knows them until they end', async () => {
    const before = stack.facts.metrics;
    await stack.command('worker', ['--detach']);
    await stack.command('api', ['--detach']);
    const { pids, metrics } = stack.facts;
    expect([pids.worker.length, pids.api.length, metrics.length]).toEqual([2, 2, 4]);
    for (const pid of [pids.worker[1], pids.api[1]]) process.kill(Number(pid), 'SIGTERM');
    await until('the added services leave stack.json', () =>
      stack.facts.pids.worker.length + stack.facts.pids.api.length === 2 ? true : undefined,
    );
    expect(stack.facts.metrics).toEqual(before);
  });

  it('starts Postgres again in its place when it is killed', async () => {
    const { postgres } = stack.facts.pids as unknown as { postgres: number };
    process.kill(postgres, 'SIGKILL');
    const next = await until('another Postgres', () => {
      const now = (stack.facts.pids as unknown as { postgres: number }).postgres;
      return now === postgres ? undefined : now;
    });
    expect(runs(next)).toBe(true);
    expect(await until('the API is ready again', ready)).toBe(true);
  });

  it('keeps its addresses and keys over a stop and a start', async () => {
    const before = addressesAndKeys();
    await stack.command('stop');
    expect(existsSync(join(stack.folder, 'stack.json'))).toBe(false);
    await stack.command('start', ['--detach']);
    expect(addressesAndKeys()).toEqual(before);
  });

  it('refuses a second start in its folder, and says so', async () => {
    await expect(stack.command('start')).rejects.toThrow(/A stack runs in .* already/);
  });

  it('takes no cluster that does not answer, says so before it starts anything, and does not mistake its own files', async () => {
    const clusterFile = stack.facts.cluster.kubeconfig;
    await stack.command('stop');
    const foreign = join(stack.folder, '..', `${basename(stack.folder)}.kubeconfig`);
    const own = readFileSync(clusterFile, 'utf8');
    writeFileSync(foreign, own); // the simulated cluster has stopped with the stack
    const failure: Error = await stack.command('start', ['--detach'], { KUBECONFIG: foreign }).then(
      () => new Error('it started'),
      (error: Error) => error,
    );
    rmSync(foreign);
    expect(failure.message).toMatch(/The cluster of KUBECONFIG .* does not answer: .*`unset KUBECONFIG`/);
    expect(failure.message).not.toMatch(/Postgres:|^ +at /m);
    const { stdout } = await stack.command('start', ['--detach'], { KUBECONFIG: clusterFile });
    expect(stdout).toMatch(/^Cluster: simulated \(KUBECONFIG names the stack’s own .*cluster\.kubeconfig\)$/m);
    expect(stack.facts.cluster.control).toBeDefined();
  });

  it('leaves no process behind when the one that started it is killed, and starts again', async () => {
    const before = addressesAndKeys();
    const { pids } = stack.facts;
    const all = Object.values(pids as unknown as Record<string, number | number[]>).flat();
    process.kill(Number(readFileSync(join(stack.folder, 'supervisor.pid'), 'utf8')), 'SIGKILL');
    await until('every process ends', () => (all.some(runs) ? undefined : true));
    await stack.command('start', ['--detach']);
    expect(addressesAndKeys()).toEqual(before);
    expect(await ready()).toBe(true);
  });

  it('is forgotten by a reset, except for what it did not make', async () => {
    writeFileSync(join(stack.folder, 'notes.txt'), 'mine');
    await stack.command('reset');
    expect(readdirSync(stack.folder)).toEqual(['notes.txt']);
  });
});
