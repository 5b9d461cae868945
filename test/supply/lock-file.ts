/** What the lock file says of every package that is installed, and what would be wrong with it. */

export interface LockedPackage {
  readonly name?: string;
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export interface LockFile {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Packages of others: those of the workspace are links. */
export function foreignPackages({ packages }: LockFile): (readonly [string, LockedPackage])[] {
  return Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);
}

const HASH = /^sha512-[A-Za-z0-9+/]{86}==$/;

/** A package without a strong hash, or from elsewhere than the registry that npm is set to. */
export function unprovenPackages(lock: LockFile): string[] {
  return foreignPackages(lock).flatMap(([path, { integrity = '', resolved }]) => [
    ...(HASH.test(integrity) ? [] : [`${path} has no SHA-512 hash`]),
    ...(resolved === undefined || /^https:\/\/[^/]+\/.*\.tgz$/.test(resolved)
      ? []
      : [`${path} comes from ${resolved}`]),
  ]);
}

const EXACT = /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/;

/** Dependencies that would be another version tomorrow. `*` is a package of the workspace. */
export function looseDependencies(manifest: Manifest): string[] {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const wanted = { ...dependencies, ...devDependencies, ...optionalDependencies };
  return Object.entries(wanted).flatMap(([name, version]) =>
    EXACT.test(version) || (version === '*' && name.startsWith('@compute/')) ? [] : [`${name} ${version}`],
  );
}

/** What is started in production; everything else is reached from there. */
const PROGRAMS = ['services/api', 'services/worker', 'deploy/operate'];

/** Paths of everything that runs in production, found as Node finds it: from the nearest folder upwards. */
export function productionPaths({ packages }: LockFile): Set<string> {
  const reached = new Set<string>();
  const waiting = [...PROGRAMS];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const name of neededBy(packages[path])) {
      const found = resolve(packages, path, name);
      if (found !== undefined) waiting.push(found);
    }
  }
  return reached;
}

function neededBy(entry: LockedPackage | undefined): string[] {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = entry ?? {};
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => !peerDependenciesMeta?.[name]?.optional);
  return [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers];
}

/** The path of a package as seen from another; a package of the workspace is its folder. Undefined: not installed. */
function resolve(packages: LockFile['packages'], from: string, name: string): string | undefined {
  for (let folder = from; ; folder = parentOf(folder)) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const entry = packages[path];
    if (entry) return entry.link ? entry.resolved : path;
    if (folder === '') return undefined;
  }
}

function parentOf(folder: string): string {
  const nested = folder.lastIndexOf('/node_modules/');
  return nested === -1 ? '' : folder.slice(0, nested);
}

/** How many packages of others there are of each licence in production, the most frequent first. */
export function licencesOf(lock: LockFile): (readonly [string, number])[] {
  const paths = productionPaths(lock);
  const others = foreignPackages(lock).filter(([path]) => paths.has(path));
  const groups = Map.groupBy(others, ([, { license }]) => license ?? 'not said');
  return [...groups].map(([licence, packages]) => [licence, packages.length] as const).sort((a, b) => b[1] - a[1]);
}
