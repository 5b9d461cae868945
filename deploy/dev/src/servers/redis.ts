/**
 * Runs a real Redis for the development stack and for tests.
 *
 * A reader could break: the server is on a leash and has a password, because everyone on a shared machine can reach
 * loopback. Nothing in the product depends on what it keeps; with a folder it keeps its queue to spare a sweep.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild, exited, leash } from '../process/leash.ts';
import { freePort } from '../process/ports.ts';
import { awaitPidGone } from '../process/stale-process.ts';
import { findRedis } from './redis-binary.ts';

export interface RedisOptions {
  /** Where the append-only file stays between runs; a throwaway folder without persistence when absent. */
  readonly dir?: string;
  /** Taken when it is free. */
  readonly port?: number;
  /** A file that the server's log is appended to. */
  readonly logFile?: string;
  /** Told when a binary has to be fetched. */
  readonly say?: (line: string) => void;
}

export interface RunningRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** For the output: which Redis runs and where it comes from. */
  readonly description: string;
  /** Resolves when the server has ended, with its exit code or signal. */
  readonly ended: Promise<number | string>;
  /** Ends the server and removes a throwaway folder. */
  stop(): Promise<void>;
}

/** Starts a server and resolves when it accepts connections. */
export async function startRedis(options: RedisOptions = {}): Promise<RunningRedis> {
  const binary = findRedis(options.say ?? (() => undefined));
  const home = options.dir ?? mkdtempSync(join(tmpdir(), 'redis-'));
  mkdirSync(home, { recursive: true });
  await awaitPidGone(join(home, 'redis.pid'), 'redis-server', 'SIGTERM');
  const port = await freePort(options.port);
  const password = passwordIn(home);
  writeFileSync(join(home, 'redis.conf'), configuration(home, port, password, options.dir !== undefined), {
    mode: 0o600,
  });
  const child = spawn(binary.path, [join(home, 'redis.conf')], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const guard = leash(child, options.dir === undefined ? { signal: 'TERM', folder: home } : { signal: 'TERM' });
  await acceptsConnections(child, options.logFile);
  return {
    // With a name, because redis-cli refuses an address that has only a password.
    url: `redis://default:${password}@127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    description: binary.description,
    ended: exited(child),
    stop: async () => {
      await endChild(child, 'SIGTERM', 10_000);
      guard.release();
      if (options.dir === undefined) rmSync(home, { recursive: true, force: true });
    },
  };
}

function passwordIn(home: string): string {
  const file = join(home, 'password');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(18).toString('base64url');
  writeFileSync(file, password, { mode: 0o600 });
  return password;
}

function configuration(home: string, port: number, password: string, keep: boolean): string {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir "${home}"`,
    `pidfile "${join(home, 'redis.pid')}"`,
    `requirepass ${password}`,
    'daemonize no',
    'save ""',
    `appendonly ${keep ? 'yes' : 'no'}`,
    'appendfsync everysec',
    'maxmemory-policy noeviction',
  ];
  return `${lines.join('\n')}\n`;
}

async function acceptsConnections(child: ChildProcess, logFile: string | undefined): Promise<void> {
  const log = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
  let recent = '';
  const ready = new Promise<void>((resolve) => {
    const read = (text: string) => {
      log?.write(text);
      recent = (recent + text).slice(-4_000);
      if (/Ready to accept connections/i.test(recent)) resolve();
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
  });
  // Not at the exit: children of a killed server still hold the pipe and have something to say.
  child.once('close', () => log?.end());
  const failed = exited(child).then((outcome) => {
    throw new Error(`Redis ended (${outcome}) before it accepted connections:\n${recent}`);
  });
  failed.catch(() => undefined); // the end after a successful start is no error
  await Promise.race([ready, failed]);
}
