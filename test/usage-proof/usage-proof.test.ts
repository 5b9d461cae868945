/** Lives that chance makes: the same seeds at each run of the tests, others by `npm run test:usage`. */
import { freshDatabase } from '@compute/test-services';
import { expect, test } from 'vitest';
import { playRounds } from './play-rounds.ts';
import { Truth } from './truth.ts';

const { USAGE_SEED } = process.env;
const seeds = USAGE_SEED === undefined ? [1, 2, 3] : [Number(USAGE_SEED)];
const size = { storageClass: 'local', storageGib: 1 };

test('a truth bills what runs, from when it happened, and no time twice', () => {
  const truth = new Truth('VMDisk', 0, { size });
  truth.change(100, { phase: 'Ready' }, 60);
  truth.cut(200);
  truth.change(300, { phase: 'Failed' }, 150);
  expect(truth.spans()).toEqual([{ meter: 'disk.allocated', dimensions: size, from: 60, to: 200 }]);
});

test('after any life the ledger is the truth to the millisecond, agrees with history and sums, and can be proven', async () => {
  const { url: databaseUrl } = await freshDatabase();
  const failed = await playRounds({ databaseUrl, seeds, say: (line) => void process.stdout.write(`${line}\n`) });
  expect(failed).toEqual([]);
}, 300_000);
