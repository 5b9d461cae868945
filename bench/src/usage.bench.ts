/**
 * G13, the ledger of usage: an export of a closed period as fast as the database can hand the rows out, and metering as
 * fast as it can take them in. Beside both stands psql with COPY, which neither hashes nor signs anything.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { migrate, openStore, type Store } from '@compute/store';
import pg from 'pg';
import { type Bench, type BenchContext, NotHere } from './bench.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { compare, type Sample } from './pairs.ts';
import { type Goal, judge, type Measured } from './result.ts';

const PROJECT = 'bench';
const EXPORTED = 100_000;
const METERS = 20_000;
const HOUR_MS = 3_600_000;

const GOALS = {
  export: {
    ...{ goal: 'G13', name: 'usage export', better: 'higher', floor: 0.4, target: 0.7, unit: 'events/s' },
    against: 'psql copy of the rows as JSON',
  },
  ingest: {
    ...{ goal: 'G13', name: 'metered to published and sealed', better: 'higher', floor: 0.5, target: 0.9 },
    ...{ unit: 'events/s', against: 'psql copy of the same rows' },
  },
} as const satisfies Record<string, Goal>;

export const bench: Bench = {
  goals: ['G13'],
  run: async (context) => {
    if (spawnSync('psql', ['--version']).status !== 0)
      throw new NotHere('there is no psql on this machine (Debian: apt-get install postgresql-client)');
    const setting = await Setting.open(context);
    return [await setting.export(), await setting.ingest()];
  },
};

class Setting {
  readonly #context: BenchContext;
  readonly #url: string;
  readonly #serverPid: number;
  readonly #store: Store;
  readonly #pool: pg.Pool;

  private constructor(context: BenchContext, server: { url: string; pid: number }, store: Store, pool: pg.Pool) {
    this.#context = context;
    this.#url = server.url;
    this.#serverPid = server.pid;
    this.#store = store;
    this.#pool = pool;
  }

  static async open(context: BenchContext): Promise<Setting> {
    const server = await context.postgres();
    await migrate(server.url);
    const store = await openStore({
      ...{ databaseUrl: server.url, secretsKey: randomBytes(32), applicationName: 'bench', quotaDefaults: {} },
    });
    context.defer(() => store.close());
    const pool = new pg.Pool({ connectionString: server.url, max: 2 });
    context.defer(() => pool.end());
    await store.createProject(PROJECT);
    return new Setting(context, server, store, pool);
  }

  async export(): Promise<Measured> {
    this.#context.say(`  ${EXPORTED} events are published ...`);
    await this.#pool.query(eventsBefore('usage_event'), [EXPORTED]);
    await this.#store.usage.closePeriods();
    await this.#pool.query('vacuum analyze usage_event');
    const copy = `copy (select row_to_json(e) from usage_event e where project = '${PROJECT}' order by chain_position) to stdout`;
    const ratio = await compare({
      pairs: this.#context.pairs,
      ours: () => this.#timed(() => this.#readExport()),
      beside: () => this.#timed(() => this.#psql(copy).then(() => EXPORTED)),
    });
    return judge(GOALS.export, ratio);
  }

  async ingest(): Promise<Measured> {
    await this.#pool.query('create table copied (like usage_event including all)');
    await this.#pool.query(eventsBefore('copied'), [METERS]);
    const rows = await this.#psql('copy copied to stdout');
    const ratio = await compare({
      pairs: this.#context.pairs,
      ours: async () => {
        await this.#openMeters();
        return this.#timed(async () => (await this.#store.usage.closePeriods()).published);
      },
      beside: async () => {
        await this.#pool.query('truncate copied');
        return this.#timed(() => this.#psql('copy copied from stdin', rows).then(() => METERS));
      },
    });
    return judge(GOALS.ingest, ratio);
  }

  async #timed(work: () => Promise<number>): Promise<Sample> {
    const [startedAt, cpuBefore] = [performance.now(), this.#cpuMicros()];
    const operations = await work();
    const seconds = (performance.now() - startedAt) / 1_000;
    return { value: operations / seconds, operations, cpuMicros: this.#cpuMicros() - cpuBefore };
  }

  async #readExport(): Promise<number> {
    const exported = await this.#store.usage.export({ project: PROJECT });
    for await (const lines of exported.lines('ndjson')) if (lines.length === 0) throw new Error('an empty part');
    return exported.count;
  }

  /** Machines that run since the last full hour but one, as many as there are events to cut. */
  async #openMeters(): Promise<void> {
    await this.#pool.query(
      'truncate usage_open; truncate usage_event; truncate usage_closed; truncate usage_checkpoint',
    );
    await this.#pool.query('truncate usage_chain');
    await this.#pool.query(
      `insert into usage_open (uid, meter, project, kind, name, dimensions, opened_at)
       select gen_random_uuid(), 'vm.running', '${PROJECT}', 'VMInstance', 'vm-' || i, ${DIMENSIONS},
         date_trunc('hour', now()) - interval '1 hour'
       from generate_series(1, $1::int) as i`,
      [METERS],
    );
  }

  async #psql(command: string, input?: string): Promise<string> {
    const client = spawn('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', command, this.#url], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const parts: Buffer[] = [];
    client.stdout.on('data', (part: Buffer) => parts.push(part));
    client.stdin.end(input ?? '');
    const [code] = await once(client, 'close');
    if (code !== 0) throw new Error(`psql ended with ${code}`);
    return Buffer.concat(parts).toString();
  }

  #cpuMicros(): number {
    return cpuMicrosOf([process.pid, this.#serverPid]);
  }
}

const DIMENSIONS = `'{"series": "U", "instanceType": "u1.medium", "vcpu": 1, "memoryGib": 4}'::jsonb`;

/** Hours of one machine after the other, all of them over. */
function eventsBefore(table: string): string {
  return `
insert into ${table} (id, project, meter, uid, kind, name, dimensions, from_at, to_at, duration_ms, recorded_at)
select gen_random_uuid(), '${PROJECT}', 'vm.running', gen_random_uuid(), 'VMInstance', 'vm-' || i, ${DIMENSIONS},
  date_trunc('hour', now()) - interval '2 hours', date_trunc('hour', now()) - interval '1 hour', ${HOUR_MS}, now()
from generate_series(1, $1::int) as i`;
}
