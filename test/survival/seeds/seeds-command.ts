/** `npm run test:seeds -- --count 1000 [--first 1] [--at-once 4]`; `SURVIVAL_SEED=7 npm run test:seeds` plays one again. */
import { parseArgs } from 'node:util';
import { runSeeds } from './run-seeds.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    first: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '4' },
  },
});
const { SURVIVAL_SEED } = process.env;
const first = Number(SURVIVAL_SEED ?? values.first);
const count = SURVIVAL_SEED === undefined ? Number(values.count) : 1;
const seeds = Array.from({ length: count }, (_, index) => first + index);

const failed = await runSeeds({
  seeds,
  atOnce: Number(values['at-once']),
  say: (line) => void process.stdout.write(`${line}\n`),
});
process.exit(failed.length > 0 ? 1 : 0);
