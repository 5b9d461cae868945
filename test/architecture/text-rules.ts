/** The rules about names and text, as functions that give a sentence for each thing that is wrong. */
import { basename } from 'node:path';

const VAGUE_WORDS = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'base', 'impl', 'misc']);
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Source files are kebab-case and named for what they hold. */
export function badName(path: string): string[] {
  const [stem = ''] = basename(path).split('.');
  if (!KEBAB.test(stem)) return [`${path} is not kebab-case`];
  const vague = stem.split('-').find((word) => VAGUE_WORDS.has(word));
  return vague === undefined ? [] : [`${path} is named "${vague}", which says nothing about what it holds`];
}

export function defaultExports(path: string, text: string): string[] {
  if (path.endsWith('.config.ts')) return [];
  return /^export default\b/m.test(text) ? [`${path} has a default export`] : [];
}

/** Paths of one machine, written in parts so that this file does not hold what it looks for. */
const MACHINE_FOLDERS = ['work\\b', 'farm\\b', 'root\\b', 'home/[a-z]', 'Users/[A-Za-z]', 'tmp/[A-Za-z]'];
const MACHINE_PATH = new RegExp(`(?<![\\w.$}:/-])/(?:${MACHINE_FOLDERS.join('|')})[\\w/-]*`);
const NEIGHBOUR = new RegExp(`${['\\.\\.', 'shared'].join('/')}\\b`);

/** Texts work on every machine: no absolute path of somebody's folder, nothing beside the checkout. */
export function machinePaths(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const found = MACHINE_PATH.exec(line)?.[0] ?? NEIGHBOUR.exec(line)?.[0];
    return found === undefined ? [] : [`${path}:${index + 1} speaks of ${found}`];
  });
}
