/** `npm run test:usage -- --count 1000 [--first 1]`; `USAGE_SEED=7 npm run test:usage` plays one round again. */
import { parseArgs } from 'node:util';
import { OwnServers } from '../survival/stage/own-servers.ts';
import { playRounds, seedsFor } from './play-rounds.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000' }, first: { type: 'string', default: '1' } },
});
const { USAGE_SEED } = process.env;
const seeds = USAGE_SEED === undefined ? seedsFor(Number(values.count), Number(values.first)) : [Number(USAGE_SEED)];

const servers = await OwnServers.start();
const say = (line: string) => void process.stdout.write(`${line}\n`);
const failed = await playRounds({ databaseUrl: servers.databaseUrl, seeds, say }).finally(() => servers.stop());
process.exit(failed.length > 0 ? 1 : 0);
