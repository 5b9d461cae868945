/** Texts as parts of an address. What cannot stand there is left out, since no client could send it. */
import type { Random } from '../survival/seeds/random.ts';
import { hostileText } from './hostile-values.ts';

const LONGEST_IN_ADDRESS = 3_000;

/** One segment of a path: mostly `known`. */
export function inPath(random: Random, known: string): string {
  if (random.chance(0.8)) return known;
  return inQuery(hostileText(random)).slice(0, LONGEST_IN_ADDRESS) || '%00';
}

export function inQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed().slice(0, LONGEST_IN_ADDRESS));
}
