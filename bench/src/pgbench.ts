/** Runs pgbench where there is one; the npm package with Postgres has none, a system's Postgres does. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NotHere } from './bench.ts';

export interface Pgbench {
  /** Transactions a second of `clients` clients that run the script. */
  run(options: { url: string; clients: number; seconds: number }): Promise<number>;
  remove(): Promise<void>;
}

/** @throws NotHere when there is no pgbench. */
export function openPgbench(script: string): Pgbench {
  const program = findPgbench();
  const folder = mkdtempSync(join(tmpdir(), 'pgbench-'));
  const file = join(folder, 'script.sql');
  writeFileSync(file, script);
  return {
    run: async ({ url, clients, seconds }) => {
      const flags = ['-n', '-M', 'prepared', '-f', file, '-c', String(clients), '-j', '1', '-T', String(seconds)];
      const { stdout } = await promisify(execFile)(program, [...flags, url]);
      const rate = /tps = ([\d.]+)/.exec(stdout)?.[1];
      if (rate === undefined) throw new Error(`pgbench gave no rate:\n${stdout}`);
      return Number(rate);
    },
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function findPgbench(): string {
  const system = '/usr/lib/postgresql';
  const versions = existsSync(system) ? readdirSync(system).sort((a, b) => Number(b) - Number(a)) : [];
  const candidates = ['pgbench', ...versions.map((version) => join(system, version, 'bin/pgbench'))];
  const found = candidates.find((program) => spawnSync(program, ['--version']).status === 0);
  if (found === undefined)
    throw new NotHere('there is no pgbench on this machine (Debian: apt-get install postgresql)');
  return found;
}
