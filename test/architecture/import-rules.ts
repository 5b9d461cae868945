/** The rules about imports, as functions from a source file to sentences that say what is wrong with it. */
import { packageOf, type SourceImport } from './imports.ts';
import { LAYERS, type Layer, SOLE_IMPORTERS } from './layers.ts';
import type { SourceFile, WorkspacePackage } from './workspace.ts';

type Source = Pick<SourceFile, 'path' | 'owner' | 'isTest' | 'imports'>;

/** Product code imports what its package declares; tests also the tools of the root. */
export function undeclaredImports(source: Source, declared: readonly string[], tools: readonly string[]): string[] {
  return packagesOf(source)
    .filter(({ name }) => !name.startsWith('@compute/') && !declared.includes(name))
    .filter(({ name, typeOnly }) => !((source.isTest || typeOnly) && tools.includes(name)))
    .map(({ name }) => `${source.path} imports ${name}, which its package does not declare`);
}

/** A foreign package that has its importers is imported by nobody else. */
export function strayImports(source: Source): string[] {
  if (source.isTest) return [];
  return packagesOf(source)
    .filter(({ name }) => !(importersOf(name)?.includes(source.owner) ?? true))
    .map(({ name }) => `${source.path} imports ${name}, which only ${importersOf(name)?.join(' and ')} may`);
}

/** Packages of the workspace are imported along the edges of the table only. */
export function forbiddenEdges(source: Source, layers: Readonly<Record<string, Layer>> = LAYERS): string[] {
  const layer = layers[source.owner];
  if (layer === undefined) return [`${source.path}: the package ${source.owner} has no row in the table of layers`];
  const allowed = source.isTest ? [...layer.product, ...(layer.tests ?? [])] : layer.product;
  return packagesOf(source)
    .filter(({ name }) => name.startsWith('@compute/'))
    .map(({ name }) => name.replace('@compute/', ''))
    .filter((name) => name !== source.owner && !allowed.includes(name))
    .map((name) => `${source.path} imports ${name}, which ${source.owner} may not`);
}

/** The domain imports nothing but itself, not even Node. */
export function domainImports(source: Source): string[] {
  if (source.owner !== 'domain' || source.isTest) return [];
  return source.imports
    .filter(({ specifier }) => !specifier.startsWith('.'))
    .map(({ specifier }) => `${source.path} imports ${specifier}; the domain imports nothing`);
}

/** A relative path never leaves its package: other packages have names. */
export function escapingPaths(source: Source, folder: string): string[] {
  const depth = source.path.slice(folder.length + 1).split('/').length - 1;
  return source.imports
    .filter(({ specifier }) => (specifier.match(/\.\.\//g) ?? []).length > depth)
    .map(({ specifier }) => `${source.path} leaves its package by ${specifier}`);
}

/** What a package declares, refers to and is tagged with agrees with the table. */
export function inconsistentManifest(
  subject: WorkspacePackage,
  packages: readonly WorkspacePackage[],
  layers: Readonly<Record<string, Layer>> = LAYERS,
): string[] {
  const layer = layers[subject.name];
  if (layer === undefined) return [`${subject.folder} has no row in the table of layers`];
  const declared = subject.declared.filter((name) => name.startsWith('@compute/')).map((name) => name.slice(9));
  const allowed = [...layer.product, ...(layer.tests ?? [])];
  const referred = packages.filter(({ folder }) => subject.references.includes(folder)).map(({ name }) => name);
  const tag =
    subject.name === 'api' || subject.name === 'worker'
      ? 'service'
      : subject.name === 'dev-stack'
        ? 'dev'
        : subject.name;
  return [
    ...declared
      .filter((name) => !allowed.includes(name))
      .map((name) => `${subject.folder} declares ${name}, which it may not`),
    ...referred
      .filter((name) => !allowed.includes(name))
      .map((name) => `${subject.folder} refers to ${name}, which it may not`),
    ...declared
      .filter((name) => layer.product.includes(name) && !referred.includes(name))
      .map((name) => `${subject.folder}/tsconfig.json lacks a reference to ${name}`),
    ...(subject.tags.includes(`layer:${tag}`) ? [] : [`${subject.folder} lacks the tag layer:${tag}`]),
  ];
}

function packagesOf(source: Source): { name: string; typeOnly: boolean }[] {
  const named = ({ specifier, typeOnly }: SourceImport) => ({ name: packageOf(specifier), typeOnly });
  return source.imports
    .map(named)
    .filter((entry): entry is { name: string; typeOnly: boolean } => entry.name !== undefined);
}

function importersOf(name: string): readonly string[] | undefined {
  const rule = Object.keys(SOLE_IMPORTERS).find((key) => (key.endsWith('/') ? name.startsWith(key) : name === key));
  return rule === undefined ? undefined : SOLE_IMPORTERS[rule];
}
