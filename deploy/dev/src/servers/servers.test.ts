import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freshDatabase, freshRedis } from '@compute/test-services';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../process/ports.ts';
import { isAlive } from '../process/stale-process.ts';
import { removePostgres, startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'servers-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

async function gone(pid: number): Promise<boolean> {
  const deadline = Date.now() + 10_000;
  while (isAlive(pid) && Date.now() < deadline) await delay(20);
  return !isAlive(pid);
}

describe('startPostgres', () => {
  it('keeps a folder’s data from one start to the next, under the same password and port', async () => {
    const dir = join(folder(), 'postgres');
    cleanups.push(() => removePostgres(dir));
    const first = await startPostgres({ dir });
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await startPostgres({ dir, port: first.port });
    cleanups.push(() => second.stop());
    expect(await query(second.url, 'select answer from kept')).toEqual([42]);
    expect(second.url).toBe(first.url);
  });

  it('refuses who has no password', async () => {
    const server = await startPostgres();
    cleanups.push(() => server.stop());
    const url = new URL(server.url);
    url.password = '';
    await expect(query(url.href, 'select 1')).rejects.toThrow(/password/);
  });

  it('ends with the process that started it, even after SIGKILL', async () => {
    const module = fileURLToPath(new URL('./postgres.ts', import.meta.url));
    const code = `const { startPostgres } = await import(${JSON.stringify(module)}); console.log((await startPostgres()).pid); setInterval(() => {}, 1000);`;
    const parent = spawn('node', ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await firstLine(parent));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    expect(await gone(pid)).toBe(true);
  });
});

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.stdout?.once('data', (chunk) => resolve(String(chunk))));
}

/** What Redis says to one command on a connection of its own. */
function redisSays(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(String(answer).trim());
    });
  });
}

describe('startRedis', () => {
  it('names an account and a password in its address that together open it, as redis-cli sends them', async () => {
    const server = await startRedis();
    cleanups.push(() => server.stop());
    const { username, password } = new URL(server.url);
    expect(await redisSays(server.port, `AUTH ${username} ${password}`)).toBe('+OK');
    expect(await redisSays(server.port, 'PING')).toMatch(/^-NOAUTH/);
  });

  it('says which server runs, answers only to its password, and leaves nothing behind', async () => {
    const server = await startRedis();
    expect(server.description).toMatch(/^Redis [67]\.\d/);
    expect(server.url).toMatch(/^redis:\/\/default:.+@127\.0\.0\.1:\d+$/);
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  });

  it('keeps its password in a folder of its own, readable by nobody else', async () => {
    const dir = join(folder(), 'redis');
    const first = await startRedis({ dir });
    await first.stop();
    const second = await startRedis({ dir, port: first.port });
    cleanups.push(() => second.stop());
    expect(second.url).toBe(first.url);
    expect(readFileSync(join(dir, 'redis.conf'), 'utf8')).toContain('requirepass');
  });
});

describe('freePort', () => {
  it('gives the preferred port when it is free and another when it is not', async () => {
    const port = await freePort();
    expect(await freePort(port)).toBe(port);
    const holder: Server = createServer();
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => holder.close(resolve)));
    expect(await freePort(port)).not.toBe(port);
    const other = await freePort();
    expect(await freePort(other, new Set([other]))).not.toBe(other);
  });
});

describe('the services of a test run', () => {
  it('give each asker a migrated database of its own', async () => {
    const [one, two] = await Promise.all([freshDatabase(), freshDatabase()]);
    expect(one.url).not.toBe(two.url);
    await query(one.url, 'create table only_here (id int)');
    const tables = "select count(*)::int from pg_tables where tablename in ('resource', 'only_here')";
    expect(await query(one.url, tables)).toEqual([2]);
    expect(await query(two.url, tables)).toEqual([1]);
  });

  it('give a Redis that may be stopped', async () => {
    const redis = await freshRedis();
    await redis.stop();
    expect(existsSync(redis.url)).toBe(false);
  });
});
