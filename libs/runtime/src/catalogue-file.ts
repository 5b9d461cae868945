/**
 * The catalogue that both services work with: the built-in one, changed by an operator's file. API and worker must read
 * the same file, since the API checks and charges by it and the worker installs and renders by it.
 */
import { readFile } from 'node:fs/promises';
import { builtinCatalogue, type Catalogue, readCatalogueFile } from '@compute/domain';
import { ConfigurationError } from './config.ts';

/** Throws `ConfigurationError` with everything that is wrong with the file, also when it cannot be read. */
export async function readCatalogue(file: string | undefined): Promise<Catalogue> {
  if (file === undefined) return builtinCatalogue;
  const { catalogue, problems } = readCatalogueFile(await jsonOf(file));
  if (problems.length > 0) throw new ConfigurationError(problems.map((problem) => `CATALOGUE_FILE: ${problem}`));
  return catalogue;
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    throw new ConfigurationError([`CATALOGUE_FILE: ${file} cannot be read as JSON (${(error as Error).message}).`]);
  }
}
