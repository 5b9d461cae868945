/**
 * The catalogue that both services work with: the built-in one, or a file's lists in its place. API and worker must read
 * the same file, since the API checks and charges by it and the worker installs and renders by it.
 */
import { readFile } from 'node:fs/promises';
import { builtinCatalogue, type Catalogue } from '@compute/domain';

/** The lists of a JSON file replace those of the built-in catalogue. Throws when the file cannot be read. */
export async function readCatalogue(file: string | undefined): Promise<Catalogue> {
  if (file === undefined) return builtinCatalogue;
  return { ...builtinCatalogue, ...(JSON.parse(await readFile(file, 'utf8')) as Partial<Catalogue>) };
}
