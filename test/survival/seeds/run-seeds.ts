/** Runs many seeds on one stage, a few at a time, and says what came of them. A seed that fails is named with its command. */
import { Stage } from '../stage/stage.ts';
import { type HistoryResult, runHistory } from './run-history.ts';

export interface SeedsOptions {
  readonly seeds: readonly number[];
  readonly atOnce: number;
  readonly say: (line: string) => void;
}

/** Resolves to the histories that went wrong. */
export async function runSeeds({ seeds, atOnce, say }: SeedsOptions): Promise<HistoryResult[]> {
  const stage = await Stage.start({ timeScale: 50 });
  try {
    await Promise.all([stage.startWorker(), stage.startWorker()]);
    const results = await playAll(stage, [...seeds], atOnce, say);
    const accepted = results.reduce((sum, result) => sum + result.accepted, 0);
    const failed = results.filter(({ problems }) => problems.length > 0);
    const deaths = stage.workers.reduce((sum, { starts }) => sum + starts - 1, 0);
    say(
      `survival: ${results.length} random histories, ${accepted} accepted wishes, ${deaths} workers killed, ${failed.length} failed`,
    );
    return failed;
  } finally {
    await stage.close();
  }
}

async function playAll(stage: Stage, waiting: number[], atOnce: number, say: SeedsOptions['say']) {
  const results: HistoryResult[] = [];
  const play = async () => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      const result = await runHistory(stage, seed);
      results.push(result);
      if (result.problems.length > 0)
        say(
          [`Seed ${seed} failed; SURVIVAL_SEED=${seed} npm run test:seeds plays it again.`, ...result.problems].join(
            '\n  ',
          ),
        );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, play));
  return results;
}
