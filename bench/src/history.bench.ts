/**
 * G14, history: what is asked of one machine costs the same however much history there is, as do the state of a machine
 * at an instant and a page of machines at one; and letting go of a month costs nothing beside deleting its rows.
 *
 * `HISTORY_ROWS` says how many lines there are in the large history (500,000 unless said otherwise; the goal speaks of
 * 10,000,000 and 100,000,000), spread over ten months; the small one has a tenth of them, in the same months.
 */
import { randomBytes } from 'node:crypto';
import { migrate, openStore, type Store } from '@compute/store';
import pg from 'pg';
import type { Bench, BenchContext } from './bench.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { compare, type Sample } from './pairs.ts';
import { type Goal, judge, type Measured } from './result.ts';

const DEFAULT_ROWS = 500_000;
const SMALLER = 10;
const MONTHS = 10;
const LINES_PER_MACHINE = 100;
const STATES_PER_LINE = 10;
const DROPPED_ROWS = 1_000_000;

const COMMON = { goal: 'G14', better: 'lower', floor: 10, target: 4, against: 'a tenth of the rows' } as const;
const GOALS = {
  latest: { ...COMMON, name: 'latest 50 of a machine', unit: 'ms' },
  asOf: { ...COMMON, name: 'a machine as of an instant', unit: 'ms' },
  page: { ...COMMON, name: 'a page of machines as of an instant', unit: 'ms' },
  drop: {
    ...{ goal: 'G14', name: 'a month dropped', better: 'higher', floor: 30, target: 100, unit: 'rows/s' },
    against: 'DELETE of its rows',
  },
} as const satisfies Record<string, Goal>;

export const bench: Bench = {
  goals: ['G14'],
  run: async (context) => {
    const rows = Number(process.env.HISTORY_ROWS ?? DEFAULT_ROWS);
    const large = await Setting.open(context, rows);
    const small = await Setting.open(context, Math.max(1, Math.floor(rows / SMALLER)));
    const beside = (goal: Goal, question: (setting: Setting) => Promise<unknown>) => async () => {
      const window = (setting: Setting) => () => setting.timed(context.windowMs, question);
      return judge(goal, await compare({ pairs: context.pairs, ours: window(large), beside: window(small) }));
    };
    return [
      await beside(GOALS.latest, (setting) => setting.latest())(),
      await beside(GOALS.asOf, (setting) => setting.asOf())(),
      await beside(GOALS.page, (setting) => setting.page())(),
      await small.retention(),
    ];
  },
};

/** A project with a history of so many lines, in a database of its own. */
class Setting {
  readonly #context: BenchContext;
  readonly #store: Store;
  readonly #pool: pg.Pool;
  readonly #serverPid: number;
  readonly #machines: number;
  #asked = 0;

  private constructor(context: BenchContext, store: Store, pool: pg.Pool, serverPid: number, machines: number) {
    this.#context = context;
    this.#store = store;
    this.#pool = pool;
    this.#serverPid = serverPid;
    this.#machines = machines;
  }

  static async open(context: BenchContext, rows: number): Promise<Setting> {
    const { url: server, pid } = await context.postgres();
    const url = await newDatabase(server, `history_${rows}`);
    await migrate(url);
    const store = await openStore({
      ...{ databaseUrl: url, secretsKey: randomBytes(32), applicationName: 'bench', quotaDefaults: {} },
    });
    context.defer(() => store.close());
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    context.defer(() => pool.end());
    const machines = Math.max(1, Math.floor(rows / LINES_PER_MACHINE));
    context.say(`  ${rows} lines of history of ${machines} machines are written ...`);
    await pool.query('set synchronous_commit = off');
    for (const table of ['transition', 'past_state']) await makeMonths(pool, table);
    await pool.query(`update past_floor set at = now() - interval '1 year'`);
    await store.createProject('bench');
    await pool.query(LINES, [machines]);
    await pool.query(STATES, [machines]);
    await pool.query('vacuum analyze transition, past_state');
    return new Setting(context, store, pool, pid, machines);
  }

  /** Median milliseconds of a question. */
  async timed(windowMs: number, question: (setting: Setting) => Promise<unknown>): Promise<Sample> {
    const cpuBefore = this.#cpuMicros();
    const until = performance.now() + windowMs;
    const times: number[] = [];
    while (performance.now() < until) {
      const startedAt = performance.now();
      await question(this);
      times.push(performance.now() - startedAt);
    }
    times.sort((a, b) => a - b);
    const value = times[Math.floor(times.length / 2)] ?? 0;
    return { value, operations: times.length, cpuMicros: this.#cpuMicros() - cpuBefore };
  }

  async latest(): Promise<void> {
    const page = await this.#store.history({ project: 'bench', uid: uidOf(this.#another()), limit: 50 });
    if (page.items.length !== 50) throw new Error(`the history has ${page.items.length} lines`);
  }

  async asOf(): Promise<void> {
    const found = await this.#store.getAsOf('VMInstance', 'bench', nameOf(this.#another()), this.#instant());
    if (!found) throw new Error('the machine was not there');
  }

  async page(): Promise<void> {
    const first = this.#another();
    const query = { kind: 'VMInstance', project: 'bench', limit: 50, asOf: this.#instant() } as const;
    const page = await this.#store.list({ ...query, after: nameOf(first) });
    if (page.items.length === 0 && first < this.#machines - 1) throw new Error('the machines were not there');
  }

  async retention(): Promise<Measured> {
    await this.#pool.query(`select set_config('compute.maintenance', 'on', false)`);
    let month = 0;
    const fill = async (): Promise<string> => {
      month += 1;
      const from = new Date(Date.UTC(2000, month, 1)).toISOString();
      const to = new Date(Date.UTC(2000, month + 1, 1)).toISOString();
      const name = `transition_${from.slice(0, 7).replace('-', '_')}`;
      await this.#pool.query('select ensure_partition($1, $2, $3, $4)', ['transition', name, from, to]);
      await this.#pool.query(MONTH, [DROPPED_ROWS, from]);
      // A month that is old enough to go was written to disk long ago.
      await this.#pool.query('checkpoint');
      return to;
    };
    const rate = async (work: (to: string) => Promise<unknown>): Promise<Sample> => {
      const to = await fill();
      const [cpuBefore, startedAt] = [this.#cpuMicros(), performance.now()];
      await work(to);
      const seconds = (performance.now() - startedAt) / 1_000;
      return { value: DROPPED_ROWS / seconds, operations: DROPPED_ROWS, cpuMicros: this.#cpuMicros() - cpuBefore };
    };
    const ratio = await compare({
      pairs: Math.min(2, this.#context.pairs),
      ours: () =>
        rate((to) => this.#store.dropPartitions({ changes: new Date(0), history: new Date(to), states: new Date(0) })),
      beside: () => rate((to) => this.#deleteBefore(to)),
    });
    return judge(GOALS.drop, ratio);
  }

  async #deleteBefore(to: string): Promise<void> {
    const client = await this.#pool.connect();
    await client.query(`begin; set local compute.maintenance = 'on'`);
    await client.query('delete from transition where at < $1', [to]);
    await client.query('commit');
    client.release();
  }

  /** Walks through the machines with steps that fit no order of rows. */
  #another(): number {
    this.#asked += 1;
    return (this.#asked * 7_919) % this.#machines;
  }

  #instant(): Date {
    return new Date(Date.now() - ((this.#asked * 104_729) % (MONTHS * 29)) * 86_400_000);
  }

  #cpuMicros(): number {
    return cpuMicrosOf([process.pid, this.#serverPid]);
  }
}

const uidOf = (machine: number): string => `00000000-0000-4000-8000-${String(machine).padStart(12, '0')}`;
const nameOf = (machine: number): string => `vm-${String(machine).padStart(9, '0')}`;

async function newDatabase(server: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function makeMonths(pool: pg.Pool, table: string): Promise<void> {
  await pool.query(
    `select ensure_partition($1, $1 || to_char(start, '_YYYY_MM'), start at time zone 'UTC',
       (start + interval '1 month') at time zone 'UTC')
     from (select date_trunc('month', now() at time zone 'UTC') - make_interval(months => i) as start
       from generate_series(1, $2::int) as i) as months`,
    [table, MONTHS],
  );
}

const UID = `('00000000-0000-4000-8000-' || lpad(m::text, 12, '0'))::uuid`;
const NAME = `'vm-' || lpad(m::text, 9, '0')`;

const LINES = `
insert into transition (uid, seq, kind, project, name, type, from_value, to_value, reason, message, actor, generation, at,
  recorded_at)
select ${UID}, s, 'VMInstance', 'bench', ${NAME}, 'Phase', 'Starting', 'Running', 'Running', 'The machine runs.',
  'system:worker', 1, at, at
from generate_series(0, $1::int - 1) as m, generate_series(1, ${LINES_PER_MACHINE}) as s,
  lateral (select date_trunc('milliseconds', now() - interval '${MONTHS * 30} days' * (1 - s::float8 / ${LINES_PER_MACHINE})) as at) as t`;

const STATES = `
insert into past_state (project, kind, name, at, version, uid, created_at, object)
select 'bench', 'VMInstance', name, at, s, uid, created_at, jsonb_build_object(
  'uid', uid, 'kind', 'VMInstance', 'project', 'bench', 'name', name, 'labels', '{}'::jsonb, 'annotations', '{}'::jsonb,
  'spec', jsonb_build_object('instanceType', 'u1.medium', 'disks', '[]'::jsonb, 'note', repeat('x', 600)),
  'claim', '{}'::jsonb, 'status', '{"conditions": []}'::jsonb, 'phase', 'Running', 'phase_since', created_at,
  'phase_seq', 1, 'transition_seq', 1, 'transition_at', created_at, 'generation', 1, 'spec_version', 1,
  'status_version', s, 'resource_version', s, 'created_at', created_at, 'updated_at', created_at,
  'deletion_with_disks', false, 'attempts', 0)
from generate_series(0, $1::int - 1) as m, generate_series(1, ${LINES_PER_MACHINE / STATES_PER_LINE}) as s,
  lateral (
    select ${UID} as uid, ${NAME} as name, date_trunc('milliseconds', now()) - interval '${MONTHS * 30} days' as created_at,
      date_trunc('milliseconds', now() + interval '1 hour'
        - interval '${MONTHS * 30} days' * (1 - s::float8 / ${LINES_PER_MACHINE / STATES_PER_LINE})) as at
  ) as t`;

const MONTH = `
insert into transition (uid, seq, kind, project, name, type, to_value, reason, message, actor, generation, at, recorded_at)
select gen_random_uuid(), 1, 'VMInstance', 'bench', 'gone', 'Phase', 'Running', 'Running', 'The machine runs.',
  'system:worker', 1, $2::timestamptz + interval '1 day', now()
from generate_series(1, $1::int)`;
