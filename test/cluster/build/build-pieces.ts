/**
 * Builds the real cluster's programs on first use, into a cache that survives clones: one folder for each state of the Go
 * sources and version of Go. What cannot be built is said in one sentence; a folder is complete or not there.
 *
 * Run by type stripping, so it imports nothing of the workspace.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFINITIONS, PIECES, type Piece } from './pieces.ts';

const SOURCES = fileURLToPath(new URL('../go/', import.meta.url));
const MINUTE_MS = 60_000;

/** The real cluster cannot be had here; the message is one sentence for people. */
export class CannotBuild extends Error {
  override readonly name = 'CannotBuild';
}

export interface BuildOptions {
  readonly say: (line: string) => void;
  /** When building must have ended, in milliseconds of the system's clock. */
  readonly deadline?: number;
}

/**
 * The folder with the programs (by name) and the definitions (`crds/`), built now when it is not there.
 * @throws CannotBuild
 */
export async function builtPieces({ say, deadline = Number.POSITIVE_INFINITY }: BuildOptions): Promise<string> {
  const goVersion = versionOfGo();
  const folder = join(cacheFolder(), hashOfSources(goVersion));
  if (existsSync(folder)) return folder;
  const minutes = PIECES.reduce((sum, { coldMinutes }) => sum + coldMinutes, 0);
  say(`Building the real cluster with ${goVersion}: about a minute with Go's caches, ${minutes} minutes without.`);
  const unfinished = `${folder}.${randomUUID()}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    for (const piece of PIECES) await build(piece, unfinished, { say, deadline });
    for (const [target, { piece, args }] of Object.entries(DEFINITIONS)) {
      await run(join(unfinished, piece), [...args, join(unfinished, target)], { what: target, cwd: SOURCES, deadline });
    }
    // Another run may have been quicker; its folder is as good.
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

function cacheFolder(): string {
  const { CLUSTER_BUILD_DIR, XDG_CACHE_HOME } = process.env;
  return CLUSTER_BUILD_DIR || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'vm-control-plane', 'cluster');
}

/** @throws CannotBuild when there is no Go. */
function versionOfGo(): string {
  const asked = spawnSync('go', ['env', 'GOVERSION'], { cwd: join(SOURCES, 'kubernetes'), encoding: 'utf8' });
  if (asked.status === 0) return asked.stdout.trim();
  throw new CannotBuild(
    'Go is not installed: with Go 1.25 or newer on the PATH the real cluster is built on first use.',
  );
}

function hashOfSources(goVersion: string): string {
  const hash = createHash('sha256').update(`${goVersion} ${process.platform} ${process.arch}`);
  for (const file of filesIn(SOURCES)) hash.update(file.slice(SOURCES.length)).update(readFileSync(file));
  return hash
    .update(readFileSync(new URL('pieces.ts', import.meta.url)))
    .digest('hex')
    .slice(0, 16);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

async function build(piece: Piece, folder: string, { say, deadline = 0 }: BuildOptions): Promise<void> {
  const startedAt = Date.now();
  const cwd = join(SOURCES, piece.module);
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', linkerFlags(piece, cwd)];
  await run('go', [...args, '-o', join(folder, piece.name), piece.source], { what: piece.name, cwd, deadline });
  say(`  ${piece.name}: ${Math.round((Date.now() - startedAt) / 1000)} s`);
}

/** Without a version of its own the API server calls itself something that clients cannot parse. */
function linkerFlags({ module }: Piece, cwd: string): string {
  if (module !== 'kubernetes') return '-s -w';
  const version = spawnSync('go', ['list', '-m', '-f', '{{.Version}}', 'k8s.io/kubernetes'], { cwd, encoding: 'utf8' });
  const name = version.stdout.trim();
  const [, minor = ''] = name.split('.');
  const place = 'k8s.io/component-base/version';
  const facts = { gitVersion: name, gitMajor: '1', gitMinor: minor, gitTreeState: 'clean' };
  return ['-s -w', ...Object.entries(facts).map(([key, value]) => `-X ${place}.${key}=${value}`)].join(' ');
}

interface RunOptions {
  readonly what: string;
  readonly cwd: string;
  readonly deadline: number;
}

async function run(program: string, args: readonly string[], { what, cwd, deadline }: RunOptions): Promise<void> {
  const leftMs = deadline - Date.now();
  if (leftMs <= 0)
    throw new CannotBuild(`The time for building ended before ${what}; the next run goes on from there.`);
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = `${words}${chunk}`.slice(-20_000);
  });
  let isLate = false;
  const timer = Number.isFinite(leftMs)
    ? setTimeout(() => {
        isLate = true;
        child.kill('SIGTERM');
      }, leftMs)
    : undefined;
  const outcome = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  clearTimeout(timer);
  if (isLate)
    throw new CannotBuild(`The time for building ended while building ${what}; the next run goes on from there.`);
  if (outcome !== 0)
    throw new CannotBuild(`${what} could not be built: ${lastLine(words) ?? `it ended with ${outcome}`}.`);
}

/** Go's last word: which module the proxy does not give, or what the compiler minds. */
function lastLine(words: string): string | undefined {
  const line = words.trim().split('\n').at(-1)?.trim();
  return line === '' ? undefined : line;
}

/** Milliseconds of the system's clock at which a time box that begins now ends. */
export function deadlineAfter(minutes: number): number {
  return Date.now() + minutes * MINUTE_MS;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  await builtPieces({ say }).then(say, (error: unknown) => {
    if (!(error instanceof CannotBuild)) throw error;
    say(error.message);
    process.exitCode = 1;
  });
}
