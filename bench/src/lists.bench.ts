/**
 * G5, lists: a page out of a million machines beside one out of ten thousand, in every order; and pages of 50 over REST
 * beside `json_agg` of the same rows through pgbench.
 */
import { randomBytes } from 'node:crypto';
import { migrate, openStore, type Store } from '@compute/store';
import pg from 'pg';
import { openDatabase, PREFIX, startApi } from './api-process.ts';
import type { Bench, BenchContext } from './bench.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { creation } from './model-machine.ts';
import { newMachine } from './new-machine.ts';
import { compare, median, type Sample } from './pairs.ts';
import { openPgbench } from './pgbench.ts';
import { RestLoad } from './rest-load.ts';
import { type Goal, judge, type Measured } from './result.ts';

const LARGE = 1_000_000;
const SMALL = 10_000;
const PAGE = 50;
const PAGES_PER_WINDOW = 400;
const CLIENTS = 8;
const PROJECT = 'bench';
const FIELDS = ['name', 'createdAt', 'updatedAt'] as const;

const pageGoal = (field: (typeof FIELDS)[number]): Goal => ({
  ...{ goal: 'G5', name: `page by ${field}, p50`, better: 'lower', floor: 1.3, target: 1.1, unit: 'ms' },
  against: `${SMALL} machines instead of ${LARGE}`,
});
const REST: Goal = {
  ...{ goal: 'G5', name: `REST list of ${PAGE}`, better: 'higher', floor: 0.5, target: 0.7, unit: 'lists/s' },
  against: `json_agg, pgbench, ${CLIENTS} clients`,
};

export const bench: Bench = {
  goals: ['G5'],
  run: async (context) => [await restLists(context), ...(await pages(context))],
};

async function pages(context: BenchContext): Promise<Measured[]> {
  const large = await openFilled(context, 'lists_large', LARGE);
  const small = await openFilled(context, 'lists_small', SMALL);
  const measured: Measured[] = [];
  for (const field of FIELDS) {
    const contest = {
      pairs: context.pairs,
      ours: () => pageTimes(large, field),
      beside: () => pageTimes(small, field),
    };
    measured.push(judge(pageGoal(field), await compare(contest)));
  }
  return measured;
}

interface Filled {
  readonly store: Store;
  readonly count: number;
}

/** A database with that many machines in one project, copies of one that the store wrote. */
async function openFilled(context: BenchContext, name: string, count: number): Promise<Filled> {
  const server = await context.postgres();
  context.say(`  ${count} machines are written ...`);
  const url = await createDatabase(server.url, name);
  await migrate(url);
  const options = { databaseUrl: url, secretsKey: randomBytes(32), applicationName: 'bench', quotaDefaults: {} };
  const store = await openStore(options);
  context.defer(() => store.close());
  await store.createProject(PROJECT);
  await store.create(newMachine(PROJECT, 'model'));
  await fill(url, count);
  return { store, count };
}

async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Each machine with its own name and a time of its own; the same number of bytes for each. */
async function fill(url: string, count: number): Promise<void> {
  const client = new pg.Pool({ connectionString: url, max: 1 });
  client.on('error', () => undefined);
  await client.query('set session_replication_role = replica'); // copies have no history
  const columns = await client.query<{ name: string }>(
    `select quote_ident(column_name) as name from information_schema.columns
     where table_schema = 'public' and table_name = 'resource' and is_generated = 'NEVER'`,
  );
  const own: Readonly<Record<string, string>> = {
    uid: 'gen_random_uuid()',
    name: `'vm-' || lpad(i::text, 8, '0')`,
    created_at: `m.created_at - i * interval '1 second'`,
    updated_at: `m.updated_at - (i::bigint * 7919 % ${count}) * interval '1 second'`,
  };
  const names = columns.rows.map(({ name }) => name);
  const values = names.map((name) => own[name] ?? `m.${name}`);
  await client.query(
    `insert into resource (${names.join(', ')}) select ${values.join(', ')} from resource m, generate_series(1, ${count}) as i
     where m.name = 'model'`,
  );
  await client.query('vacuum analyze resource');
  await client.end();
}

/** The median of pages that begin anywhere. */
async function pageTimes({ store, count }: Filled, field: (typeof FIELDS)[number]): Promise<Sample> {
  const order = { field, descending: false };
  const times: number[] = [];
  const first = await store.list({ kind: 'VMInstance', project: PROJECT, limit: PAGE, order });
  const oldest = first.items[0]?.[field === 'updatedAt' ? 'updatedAt' : 'createdAt'] ?? new Date();
  for (let page = 0; page < PAGES_PER_WINDOW; page += 1) {
    const place = Math.floor(Math.random() * (count - PAGE));
    const name = `vm-${String(place).padStart(8, '0')}`;
    const after = field === 'name' ? name : `${oldest.getTime() + place * 1_000}.${name}`;
    const before = performance.now();
    const { items } = await store.list({ kind: 'VMInstance', project: PROJECT, limit: PAGE, order, after });
    times.push(performance.now() - before);
    if (items.length !== PAGE) throw new Error(`A page had ${items.length} machines.`);
  }
  return { value: median(times), operations: PAGES_PER_WINDOW, cpuMicros: 0 };
}

async function restLists(context: BenchContext): Promise<Measured> {
  const server = await context.postgres();
  const database = await openDatabase(server.url, 'lists_rest');
  const api = await startApi(context, database.url, database.secretsKey);
  const load = await RestLoad.open(api.url, CLIENTS);
  context.defer(async () => load.close());
  for (let index = 0; index < 2 * PAGE; index += 1) await load.one(creation(database.apiKey, 0, `vm-${index}`));
  const path = `/v1/projects/${PREFIX}0/vm-instances?pageSize=${PAGE}`;
  const question = { method: 'GET', path, apiKey: database.apiKey } as const;
  const pgbench = openPgbench(
    `select json_agg(to_json(r)) from (select * from resource where project = '${PREFIX}0' and kind = 'VMInstance' order by name limit ${PAGE}) r;`,
  );
  context.defer(() => pgbench.remove());
  const ours = async (): Promise<Sample> => {
    const before = { cpu: cpuMicrosOf([api.pid]), at: performance.now() };
    const operations = await load.run(context.windowMs, () => question);
    const seconds = (performance.now() - before.at) / 1_000;
    return { value: operations / seconds, operations, cpuMicros: cpuMicrosOf([api.pid]) - before.cpu };
  };
  const seconds = Math.max(1, Math.round(context.windowMs / 1_000));
  const beside = async (): Promise<Sample> => {
    const value = await pgbench.run({ url: database.url, clients: CLIENTS, seconds });
    return { value, operations: 0, cpuMicros: 0 };
  };
  await ours();
  await ours();
  return judge(REST, await compare({ pairs: context.pairs, ours, beside }));
}
