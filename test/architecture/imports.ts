/** Finds what a TypeScript source imports, without a compiler. */

export interface SourceImport {
  /** As written: `./x.ts`, `node:fs`, `@compute/domain`, `@nestjs/core/helpers`. */
  readonly specifier: string;
  /** True when nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

const FROM = /^\s*(?:import|export)\s+(type\s)?(?:[\w*${][^;'"]*?\sfrom\s+|\{[^}]*\}\s*from\s+)['"]([^'"]+)['"]/gm;
const BARE = /^\s*import\s+['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g;

export function importsOf(text: string): SourceImport[] {
  const code = withoutComments(text);
  const found = [
    ...[...code.matchAll(FROM)].map(([, type, specifier = '']) => ({ specifier, typeOnly: type !== undefined })),
    ...[...code.matchAll(BARE)].map(([, specifier = '']) => ({ specifier, typeOnly: false })),
    ...[...code.matchAll(DYNAMIC)].map(([, specifier = '']) => ({ specifier, typeOnly: false })),
  ];
  return found;
}

/** `@nestjs/core/x` is of the package `@nestjs/core`; a relative path and a module of Node are of none. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
