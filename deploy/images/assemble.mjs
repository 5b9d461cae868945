/**
 * Lays out what the images hold, from a compiled checkout: `node deploy/images/assemble.mjs <folder>` writes `shared`, `api` and
 * `worker` below the folder. Every file keeps its place in the repository, since programs find migrations, descriptors and
 * the worker's role beside themselves.
 *
 * A reader could break: only what product code can reach may go in. Packages that only tests use (the simulated cluster, test
 * servers) are in no `dependencies` of a service, so the walk below never meets them.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const SERVICES = { '@compute/api': 'api', '@compute/worker': 'worker' };
const OPERATOR = '@compute/operate';
/** What programs read at run time besides their own code. */
const DATA = ['prisma/migrations', 'deploy/cluster', 'proto/gen/descriptor.binpb', 'deploy/operate/bin'];

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('Say where to: node deploy/images/assemble.mjs <folder>');

const packages = workspacePackages();
for (const name of withDependencies([...Object.keys(SERVICES), OPERATOR])) {
  copyPackage(packages.get(name).folder, join(target, SERVICES[name] ?? 'shared'));
}
const shared = join(target, 'shared');
for (const path of DATA) cpSync(path, join(shared, path), { recursive: true });
mkdirSync(join(shared, 'bin'), { recursive: true });
cpSync('deploy/images/is-ready.mjs', join(shared, 'bin/is-ready.mjs'));
symlinkSync('../deploy/operate/bin/operate.mjs', join(shared, 'bin/operate'));
cpSync('package.json', join(shared, 'package.json'));

/** Folder and manifest of each package of the workspace, by its name. */
function workspacePackages() {
  const { workspaces } = readManifest('.');
  const folders = workspaces.flatMap((path) =>
    path.endsWith('/*') ? readdirSync(dirname(path)).map((name) => join(dirname(path), name)) : [path],
  );
  return new Map(folders.map((folder) => [readManifest(folder).name, { folder, manifest: readManifest(folder) }]));
}

/** The named packages and all packages of the workspace that they need in production. */
function withDependencies(names) {
  const found = new Set();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    waiting.push(...Object.keys(packages.get(name).manifest.dependencies ?? {}).filter((one) => packages.has(one)));
  }
  return found;
}

function copyPackage(folder, into) {
  cpSync(join(folder, 'package.json'), join(into, folder, 'package.json'));
  cpSync(join(folder, 'dist'), join(into, folder, 'dist'), { recursive: true, filter: isProduct });
}

/** Compiled code alone: no types, no maps, nothing that only tests read. */
function isProduct(path) {
  if (/\.(d\.ts|map|tsbuildinfo)$|\.test\.js$/.test(path)) return false;
  return !['fixtures', 'testing'].includes(basename(path));
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
