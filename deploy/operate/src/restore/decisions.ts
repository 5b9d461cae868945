/** What an operator must decide before workers may act on a restored database. */
import type { Call, CommandOption } from '../command.ts';
import { WrongCall } from '../command.ts';
import type { Comparison } from './compare.ts';

export interface Decisions {
  readonly missing?: 'forget' | 'recreate';
  readonly edited?: 'adopt' | 'repair';
  readonly orphans?: 'adopt' | 'leave';
}

export const DECISION_OPTIONS: Readonly<Record<string, CommandOption>> = {
  missing: {
    takes: 'forget|recreate',
    about: 'rows whose objects are gone: their rows go too, or machines are made anew (data of disks cannot be)',
  },
  edited: {
    takes: 'adopt|repair',
    about:
      'what was changed since the backup: the rows follow the cluster, or the cluster the rows, which may stop machines',
  },
  orphans: { takes: 'adopt|leave', about: 'objects that were made since the backup: they get rows, or are left alone' },
};

/** Throws `WrongCall` for a word that is none of an option's. */
export function decisionsOf(call: Call): Decisions {
  const missing = oneOf(call, 'missing', ['forget', 'recreate'] as const);
  const edited = oneOf(call, 'edited', ['adopt', 'repair'] as const);
  const orphans = oneOf(call, 'orphans', ['adopt', 'leave'] as const);
  return { ...(missing ? { missing } : {}), ...(edited ? { edited } : {}), ...(orphans ? { orphans } : {}) };
}

function oneOf<T extends string>(call: Call, option: string, words: readonly T[]): T | undefined {
  const word = call.text(option);
  const known = words.find((one) => one === word);
  if (word !== undefined && known === undefined) throw new WrongCall(`--${option} is ${words.join(' or ')}.`);
  return known;
}

/** Names of the options that are missing: nothing may be done by default to what has parted. */
export function undecided({ parted, orphans }: Comparison, decisions: Decisions): string[] {
  const counts = { missing: parted.missing.length, edited: parted.edited.length, orphans: orphans.length };
  return (Object.keys(counts) as (keyof Decisions)[]).filter(
    (option) => counts[option] > 0 && decisions[option] === undefined,
  );
}
