/** Reads the workspace as the rules see it: packages with what they declare, and source files with what they import. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importsOf, type SourceImport } from './imports.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface WorkspacePackage {
  /** Without the scope: `domain`. */
  readonly name: string;
  /** Below the root: `libs/domain`. */
  readonly folder: string;
  /** Names of all packages that it declares, foreign and of the workspace. */
  readonly declared: readonly string[];
  readonly tags: readonly string[];
  /** Folders below the root that its compiler settings refer to. */
  readonly references: readonly string[];
}

export interface SourceFile {
  /** Below the root. */
  readonly path: string;
  /** Name of the package that it belongs to, without the scope. */
  readonly owner: string;
  /** True for tests and for what only tests use. */
  readonly isTest: boolean;
  readonly text: string;
  readonly imports: readonly SourceImport[];
}

interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly nx?: { readonly tags?: readonly string[] };
}

/** Packages that exist for tests as a whole. */
const TEST_PACKAGES = new Set(['test', 'test-services']);

const SKIPPED = new Set(['node_modules', 'dist', 'gen', 'generated', '.git', '.nx', '.cache', 'coverage', 'results']);

export function readPackages(): WorkspacePackage[] {
  const patterns = readJson<Manifest>('package.json').workspaces ?? [];
  return patterns.flatMap(expand).map(readPackage);
}

/** What every package's tests may import: what the root declares, since the root runs them. */
export function testTools(): string[] {
  const { dependencies, devDependencies } = readJson<Manifest>('package.json');
  return Object.keys({ ...dependencies, ...devDependencies });
}

export function readSources(packages: readonly WorkspacePackage[]): SourceFile[] {
  return packages.flatMap((owner) =>
    filesBelow(owner.folder)
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
      .map((path) => readSource(path, owner.name)),
  );
}

/** Every file of the checkout that people write, generated and ignored ones left out. */
export function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (SKIPPED.has(entry.name) || entry.name.startsWith('.dev')) return [];
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}

function expand(pattern: string): string[] {
  if (!pattern.endsWith('/*')) return [pattern];
  const folder = pattern.slice(0, -2);
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}

function readPackage(folder: string): WorkspacePackage {
  const manifest = readJson<Manifest>(join(folder, 'package.json'));
  const compiler = readJson<{ references?: { path: string }[] }>(join(folder, 'tsconfig.json'));
  return {
    name: manifest.name.replace('@compute/', ''),
    folder,
    declared: Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }),
    tags: manifest.nx?.tags ?? [],
    references: (compiler.references ?? []).map(({ path }) => relative(ROOT, join(ROOT, folder, path))),
  };
}

function readSource(path: string, owner: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const isTest = /\.test\.ts$|\/(fixtures|stories|testing)\/|\.config\.ts$/.test(path) || TEST_PACKAGES.has(owner);
  return { path, owner, isTest, text, imports: importsOf(text) };
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T;
}
