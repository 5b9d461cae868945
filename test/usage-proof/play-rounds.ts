/** Plays rounds one after the other on a database, and says what came of them. A seed that fails is named with its command. */
import { randomBytes } from 'node:crypto';
import { openStore, type Store } from '@compute/store';
import { FrozenClock } from './frozen-clock.ts';
import { playRound, type RoundResult } from './round.ts';

const PROGRAMS = ['usage-proof-1', 'usage-proof-2'] as const;
const BEGINNING = new Date('2026-03-01T00:00:00Z');
const LIVES_PER_ROUND = 20;

export interface RoundsOptions {
  readonly databaseUrl: string;
  readonly seeds: readonly number[];
  readonly say: (line: string) => void;
}

/** A round for each seed. Resolves to those that went wrong. */
export async function playRounds({ databaseUrl, seeds, say }: RoundsOptions): Promise<RoundResult[]> {
  const clock = await FrozenClock.install(databaseUrl, BEGINNING);
  const secretsKey = randomBytes(32).toString('base64');
  const open = (applicationName: string): Promise<Store> =>
    openStore({ databaseUrl, secretsKey, applicationName, poolSize: 4, quotaDefaults: {} });
  const stores = [await open(PROGRAMS[0]), await open(PROGRAMS[1])] as const;
  const results: RoundResult[] = [];
  try {
    for (const seed of seeds) {
      const result = await playRound({ stores, clock, programs: PROGRAMS }, seed, LIVES_PER_ROUND);
      results.push(result);
      if (result.problems.length === 0) continue;
      say(
        [
          `Seed ${seed} failed; USAGE_SEED=${seed} npm run test:usage plays it again.`,
          ...result.problems.slice(0, 20),
        ].join('\n  '),
      );
    }
    const failed = results.filter(({ problems }) => problems.length > 0);
    const sum = (count: (result: RoundResult) => number) => results.reduce((total, one) => total + count(one), 0);
    say(
      `usage: ${seeds.length * LIVES_PER_ROUND} lives in ${seeds.length} rounds, ${sum(({ events }) => events)} events, ${sum(({ broken }) => broken)} connections broken, ${failed.length} rounds failed`,
    );
    return failed;
  } finally {
    for (const store of stores) await store.close();
    await clock.close();
  }
}

/** As many seeds as have that many lives. */
export function seedsFor(lives: number, first: number): number[] {
  return Array.from({ length: Math.ceil(lives / LIVES_PER_ROUND) }, (_, index) => first + index);
}
