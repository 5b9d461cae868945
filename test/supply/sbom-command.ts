/** `npm run sbom`: a bill of materials of what runs in production, and its licences. Needs no network. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LockFile, licencesOf, productionPaths } from './lock-file.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FILE = join(ROOT, '.cache', 'sbom.json');
const MOST_BYTES = 64 * 2 ** 20;

interface Component {
  readonly 'bom-ref': string;
}

interface Bill {
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

// Everything is asked for and cut here: with `--omit dev`, npm leaves out what development needs as well, Nest among it.
const { status, stdout, stderr } = spawnSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
  cwd: ROOT,
  encoding: 'utf8',
  maxBuffer: MOST_BYTES,
});
if (status !== 0) {
  process.stderr.write(`npm could not make the bill of materials: ${stderr}\n`);
  process.exit(1);
}
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as LockFile;
const bill = inProduction(JSON.parse(stdout) as Bill, productionReferences(lock));
mkdirSync(join(ROOT, '.cache'), { recursive: true });
writeFileSync(FILE, `${JSON.stringify(bill, undefined, 2)}\n`);
const licences = licencesOf(lock).map(([licence, packages]) => `${packages} ${licence}`);
process.stdout.write(`${bill.components.length} components are in .cache/sbom.json (CycloneDX).\n`);
process.stdout.write(`Licences of the packages of others: ${licences.join(', ')}.\n`);

/** `name@version` of everything that runs in production, as npm refers to it. */
function productionReferences({ packages, ...lockFile }: LockFile): Set<string> {
  const paths = [...productionPaths({ packages, ...lockFile })];
  return new Set(
    paths.map((path) => `${packages[path]?.name ?? path.replace(/^.*node_modules\//, '')}@${packages[path]?.version}`),
  );
}

function inProduction(all: Bill, wanted: ReadonlySet<string>): Bill {
  const kept = (ref: string) => wanted.has(ref);
  const dependencies = all.dependencies
    .filter(({ ref }) => kept(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(kept) }));
  return { ...all, components: all.components.filter((each) => kept(each['bom-ref'])), dependencies };
}
