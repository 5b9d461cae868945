/**
 * Runs a real Postgres for the development stack and for tests, from binaries that need no installation.
 *
 * A reader could break: the server is on a leash, so it ends with the process that started it however that ends, and a
 * folder of its own making goes with it. A durable server keeps its folder and never runs with fsync off.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  createWriteStream,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { endChild, exited, leash } from '../process/leash.ts';
import { MissingPart } from '../process/missing-part.ts';
import { freePort } from '../process/ports.ts';
import { awaitPidGone } from '../process/stale-process.ts';
import {
  type Account,
  canReach,
  findPostgres,
  type PostgresBinaries,
  PUBLIC_FOLDER,
  postgresAccount,
} from './postgres-binaries.ts';

export interface PostgresOptions {
  /** Where the data stays between runs; a throwaway folder when absent. */
  readonly dir?: string;
  /** True writes through to the disk as in production; false is several times faster and loses data in a crash. */
  readonly durable?: boolean;
  /** Taken when it is free. */
  readonly port?: number;
  /** A file that the server's log is appended to. */
  readonly logFile?: string;
}

export interface RunningPostgres {
  /** Connection string of the `postgres` database as superuser. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** For the output: what runs and where it comes from. */
  readonly description: string;
  /** Resolves when the server has ended, with its exit code or signal. */
  readonly ended: Promise<number | string>;
  /** Ends the server (clients are disconnected) and removes a throwaway folder. */
  stop(): Promise<void>;
}

/** Starts a server and resolves when it accepts connections. */
export async function startPostgres(options: PostgresOptions = {}): Promise<RunningPostgres> {
  const account = postgresAccount();
  const binaries = findPostgres(account);
  const home = prepareHome(options.dir, account);
  const data = join(home, 'data');
  await awaitPidGone(join(data, 'postmaster.pid'), 'postgres', 'SIGINT');
  const password = initialize(binaries, home, account, options.durable ?? false);
  const port = await freePort(options.port);
  const child = spawn(join(binaries.folder, 'bin/postgres'), serverArguments(data, port, options.durable ?? false), {
    ...account,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const guard = leash(child, options.dir === undefined ? { signal: 'INT', folder: home } : { signal: 'INT' });
  await acceptsConnections(child, options.logFile);
  return {
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    pid: child.pid ?? 0,
    description: `${binaries.version}, embedded`,
    ended: exited(child),
    stop: async () => {
      await endChild(child, 'SIGINT', 15_000);
      guard.release();
      if (options.dir === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Removes what a server with this folder kept, the folder included. The server must not run. */
export function removePostgres(dir: string): void {
  rmSync(publicHome(dir), { recursive: true, force: true });
  rmSync(dir, { recursive: true, force: true });
}

function prepareHome(dir: string | undefined, account: Account): string {
  if (dir === undefined) return throwawayHome(account);
  mkdirSync(dirname(dir), { recursive: true });
  if (!existsSync(dir) && !canReach(dirname(dir), account)) linkToPublicHome(dir);
  mkdirSync(dir, { recursive: true });
  return realpathSync(dir);
}

function throwawayHome(account: Account): string {
  const base = canReach(tmpdir(), account) ? tmpdir() : PUBLIC_FOLDER;
  mkdirSync(base, { recursive: true });
  const home = mkdtempSync(join(base, 'postgres-'));
  chmodSync(home, 0o755);
  return home;
}

/** As root below a private folder the server's account cannot reach the folder: the data lies outside, behind a link. */
function linkToPublicHome(dir: string): void {
  const home = publicHome(dir);
  mkdirSync(home, { recursive: true, mode: 0o755 });
  if (lstatSync(dir, { throwIfNoEntry: false }) === undefined) symlinkSync(home, dir);
}

function publicHome(dir: string): string {
  return join(PUBLIC_FOLDER, `state-${resolve(dir).replaceAll('/', '-')}`);
}

/** Makes the data folder on the first start; gives the superuser's password. */
function initialize(binaries: PostgresBinaries, home: string, account: Account, durable: boolean): string {
  const data = join(home, 'data');
  const passwordFile = join(home, 'password');
  if (existsSync(join(data, 'PG_VERSION')) && existsSync(passwordFile)) {
    checkMajor(data, binaries);
    return readFileSync(passwordFile, 'utf8').trim();
  }
  rmSync(data, { recursive: true, force: true }); // left by a start that was interrupted
  mkdirSync(data, { mode: 0o700 });
  const password = randomBytes(18).toString('base64url');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  for (const path of [data, passwordFile]) giveTo(account, path);
  const flags = ['-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8', '--locale=C.UTF-8'];
  const sync = durable ? [] : ['--no-sync'];
  execFileSync(join(binaries.folder, 'bin/initdb'), ['-D', data, ...flags, ...sync, '--no-instructions'], {
    ...account,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return password;
}

function giveTo(account: Account, path: string): void {
  if (account.uid !== undefined && account.gid !== undefined) chownSync(path, account.uid, account.gid);
}

function checkMajor(data: string, binaries: PostgresBinaries): void {
  const made = Number(readFileSync(join(data, 'PG_VERSION'), 'utf8').trim());
  if (made === binaries.major) return;
  throw new MissingPart(
    `The data was made by PostgreSQL ${made} and this is ${binaries.version}: run \`npm run reset\` to start afresh, or \`npm ci\` for the pinned version.`,
  );
}

function serverArguments(data: string, port: number, durable: boolean): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '300',
    shared_buffers: '128MB',
    lc_messages: 'C',
    timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', data, '-p', String(port), ...flags];
}

async function acceptsConnections(child: ChildProcess, logFile: string | undefined): Promise<void> {
  const log = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
  let recent = '';
  const ready = new Promise<void>((resolve) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log?.write(text);
      recent = (recent + text).slice(-4_000);
      if (recent.includes('ready to accept connections')) resolve();
    });
  });
  // Not at the exit: children of a killed server still hold the pipe and have something to say.
  child.once('close', () => log?.end());
  const failed = exited(child).then((outcome) => {
    throw new Error(`Postgres ended (${outcome}) before it accepted connections:\n${recent}`);
  });
  failed.catch(() => undefined); // the end after a successful start is no error
  await Promise.race([ready, failed]);
}
