/**
 * G2, all creates in one project beside creates spread over many: one quota row that everybody changes must not slow them
 * down. Then a project with room for a known number of machines is asked for many more at once.
 */
import pg from 'pg';
import { type BenchDatabase, openDatabase, PREFIX, PROJECTS, startApi } from './api-process.ts';
import type { Bench, BenchContext } from './bench.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { HttpConnection } from './http-connection.ts';
import { creation } from './model-machine.ts';
import { compare, type Sample } from './pairs.ts';
import { RestLoad } from './rest-load.ts';
import { type Goal, judge } from './result.ts';

const IN_FLIGHT = 32;
const WARM_UP_CREATES = 4_000;
const LIMITED_PROJECT = 1;
const ROOM = 200;
const ASKED = 600;

const RATE: Goal = {
  ...{ goal: 'G2', name: 'creates in one project', better: 'higher', floor: 0.8, target: 1, unit: 'VMs/s' },
  against: `spread over ${PROJECTS}`,
} as const;
const EXCESS: Goal = {
  ...{ goal: 'G2', name: 'machines beyond the quota', better: 'lower', floor: 0, target: 0, unit: 'VMs' },
  against: `${ASKED} asked, room for ${ROOM}`,
} as const;

export const bench: Bench = {
  goals: ['G2'],
  run: async (context) => {
    const server = await context.postgres();
    const database = await openDatabase(server.url, 'one_project');
    const api = await startApi(context, database.url, database.secretsKey);
    const load = await RestLoad.open(api.url, IN_FLIGHT);
    context.defer(async () => load.close());
    const window = (projects: number) => creates({ load, database, pids: [api.pid, server.pid] }, projects);
    while (count < WARM_UP_CREATES) await window(PROJECTS)(context.windowMs);
    const ratio = await compare({
      pairs: context.pairs,
      ours: () => window(1)(context.windowMs),
      beside: () => window(PROJECTS)(context.windowMs),
    });
    const beyond = (await madeWithin(context, api.url, database)) - ROOM;
    const exact = { ratio: beyond, min: beyond, max: beyond, pairs: 1, ours: beyond, beside: 0, cpuMicrosPerOp: 0 };
    return [judge(RATE, ratio), judge(EXCESS, exact)];
  },
};

let count = 0;

interface Side {
  readonly load: RestLoad;
  readonly database: BenchDatabase;
  readonly pids: readonly number[];
}

function creates({ load, database, pids }: Side, projects: number) {
  return async (windowMs: number): Promise<Sample> => {
    const before = cpuMicrosOf(pids);
    const startedAt = performance.now();
    const operations = await load.run(windowMs, () => {
      count += 1;
      return creation(database.apiKey, count % projects, `vm-${count}`);
    });
    const seconds = (performance.now() - startedAt) / 1_000;
    return { value: operations / seconds, operations, cpuMicros: cpuMicrosOf(pids) - before };
  };
}

/** How many machines a project has in the end that has room for `ROOM` and was asked for `ASKED` at once. */
async function madeWithin(context: BenchContext, url: string, database: BenchDatabase): Promise<number> {
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  context.defer(() => pool.end());
  const project = `${PREFIX}${LIMITED_PROJECT}`;
  const here = `select count(*)::int as count from resource where project = $1 and kind = 'VMInstance'`;
  const before = (await pool.query<{ count: number }>(here, [project])).rows[0]?.count ?? 0;
  await pool.query(
    `update quota set limit_value = used + $2, ceiling = used + $2 where project = $1 and metric = 'instances'`,
    [project, ROOM],
  );
  let asked = 0;
  const client = async () => {
    const connection = await HttpConnection.open(url);
    for (; asked < ASKED; ) {
      asked += 1;
      await connection.ask(creation(database.apiKey, LIMITED_PROJECT, `limited-${asked}`));
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, client));
  return ((await pool.query<{ count: number }>(here, [project])).rows[0]?.count ?? 0) - before;
}
