/**
 * G7, the change feed's cursor: it loses and doubles nothing under concurrent writers, costs the writers little, and a
 * foreign transaction that stays open does not delay its readers. Beside it stands a plain identity column whose readers
 * go on after the last number they saw.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { claimOfDisk, initialDisk, type VmDiskSpec } from '@compute/domain';
import { FEED_LOCK, migrate, openStore, type Store } from '@compute/store';
import pg from 'pg';
import type { Bench, BenchContext } from './bench.ts';
import { cpuMicrosOf } from './cpu-time.ts';
import { compare, type Ratio, type Sample } from './pairs.ts';
import { type Goal, judge, type Measured } from './result.ts';

const WRITERS = 8;
const READ_EVERY_MS = 5;
const FOREIGN_TRANSACTION_MS = 2_000;
const COUNTED_ROWS = 4_000;

const COMMON = { goal: 'G7', against: 'plain identity column' } as const;
const GOALS = {
  exact: {
    ...COMMON,
    name: 'changes lost or doubled',
    better: 'lower',
    floor: 0,
    target: 0,
    against: 'what was written',
    unit: 'changes',
  },
  writers: { ...COMMON, name: 'writers beside a reader', better: 'higher', floor: 0.8, target: 0.95, unit: 'rows/s' },
  reader: {
    ...COMMON,
    name: 'reader p99, foreign transaction open',
    better: 'lower',
    floor: 2,
    target: 1.3,
    unit: 'ms',
  },
} as const satisfies Record<string, Goal>;

/** How rows are written and read: as the product does it, or without its care. */
interface Way {
  readonly insert: string;
  /** The numbers after the given one, as far as this way dares to read. */
  read(after: string): Promise<readonly string[]>;
}

export const bench: Bench = {
  goals: ['G7'],
  run: async (context) => {
    const setting = await Setting.open(context);
    return [await setting.exact(), await setting.writers(), await setting.reader()];
  },
};

class Setting {
  readonly #context: BenchContext;
  readonly #store: Store;
  readonly #pool: pg.Pool;
  readonly #serverPid: number;
  readonly #careful: Way;
  readonly #plain: Way;

  private constructor(context: BenchContext, store: Store, pool: pg.Pool, serverPid: number, row: string) {
    this.#context = context;
    this.#store = store;
    this.#pool = pool;
    this.#serverPid = serverPid;
    const insert = `insert into change (at, project, kind, uid, name, op, object) ${row}`;
    this.#careful = {
      insert: `begin; select pg_advisory_xact_lock_shared(${FEED_LOCK}); ${insert}; commit`,
      read: async (after) => (await store.changes({ after, limit: 1_000 })).map(({ seq }) => seq),
    };
    this.#plain = {
      insert: `begin; ${insert}; commit`,
      read: async (after) => {
        const text = 'select seq::text, at, op, object from change where seq > $1 order by seq limit 1000';
        const found = await pool.query<{ seq: string }>({ name: 'plain_read', text, values: [after] });
        return found.rows.map(({ seq }) => seq);
      },
    };
  }

  static async open(context: BenchContext): Promise<Setting> {
    const { url, pid } = await context.postgres();
    await migrate(url);
    const store = await openStore({
      databaseUrl: url,
      secretsKey: randomBytes(32),
      applicationName: 'bench',
      quotaDefaults: {},
    });
    context.defer(() => store.close());
    const pool = new pg.Pool({ connectionString: url, max: WRITERS + 2 });
    context.defer(() => pool.end());
    await store.createProject('bench');
    await createDisk(store, 'model');
    return new Setting(context, store, pool, pid, await rowLike(pool));
  }

  /** Many concurrent creates through the store, read while they happen. */
  async exact(): Promise<Measured> {
    const start = await this.#store.feedPosition();
    const seen: string[] = [];
    const written = createMany(this.#store, COUNTED_ROWS);
    let done = false;
    void written.then(() => {
      done = true;
    });
    for (let after = start, last = false; !last; ) {
      last = done; // one more round after the writers are through
      for (let found = await this.#careful.read(after); found.length > 0; found = await this.#careful.read(after)) {
        seen.push(...found);
        after = found.at(-1) ?? after;
      }
      await delay(READ_EVERY_MS);
    }
    await written;
    const distinct = new Set(seen).size;
    const wrong = seen.length - distinct + Math.abs(COUNTED_ROWS - distinct);
    return judge(GOALS.exact, exactly(wrong, COUNTED_ROWS));
  }

  /** Rows a second of concurrent single-row transactions while a reader follows. */
  async writers(): Promise<Measured> {
    const window = (way: Way) => () => this.#writeFor(way, this.#context.windowMs);
    const ratio = await compare({
      pairs: this.#context.pairs,
      ours: window(this.#careful),
      beside: window(this.#plain),
    });
    return judge(GOALS.writers, ratio);
  }

  /** From commit to being read, while a transaction of somebody else stays open. */
  async reader(): Promise<Measured> {
    const window = (way: Way) => () => this.#delaysOf(way);
    const pairs = Math.min(3, this.#context.pairs);
    return judge(GOALS.reader, await compare({ pairs, ours: window(this.#careful), beside: window(this.#plain) }));
  }

  async #writeFor(way: Way, windowMs: number): Promise<Sample> {
    const cpuBefore = this.#cpuMicros();
    const until = performance.now() + windowMs;
    let rows = 0;
    const write = async () => {
      const client = await this.#pool.connect();
      for (; performance.now() < until; rows += 1) await client.query(way.insert);
      client.release();
    };
    await Promise.all([...Array.from({ length: WRITERS }, write), this.#follow(way, until)]);
    return { value: rows / (windowMs / 1_000), operations: rows, cpuMicros: this.#cpuMicros() - cpuBefore };
  }

  async #follow(way: Way, until: number): Promise<void> {
    let after = await this.#store.feedPosition();
    while (performance.now() < until) {
      after = (await way.read(after)).at(-1) ?? after;
      await delay(READ_EVERY_MS);
    }
  }

  async #delaysOf(way: Way): Promise<Sample> {
    const foreign = await this.#pool.connect();
    await foreign.query(
      "begin; select txid_current(); insert into outbox (kind, uid) values ('VMDisk', gen_random_uuid())",
    );
    const delays: number[] = [];
    let after = await this.#store.feedPosition();
    const until = performance.now() + FOREIGN_TRANSACTION_MS;
    const cpuBefore = this.#cpuMicros();
    while (performance.now() < until) {
      await this.#pool.query(way.insert);
      const committedAt = performance.now();
      for (let found: readonly string[] = []; found.length === 0; after = found.at(-1) ?? after)
        found = await way.read(after);
      delays.push(performance.now() - committedAt);
    }
    const cpuMicros = this.#cpuMicros() - cpuBefore;
    await foreign.query('rollback');
    foreign.release();
    delays.sort((a, b) => a - b);
    return { value: delays[Math.floor(delays.length * 0.99)] ?? 0, operations: delays.length, cpuMicros };
  }

  #cpuMicros(): number {
    return cpuMicrosOf([process.pid, this.#serverPid]);
  }
}

function exactly(wrong: number, operations: number): Ratio {
  return { ratio: wrong, min: wrong, max: wrong, pairs: 1, ours: operations, beside: operations, cpuMicrosPerOp: 0 };
}

async function createMany(store: Store, count: number): Promise<void> {
  const next = (function* () {
    for (let index = 0; index < count; index += 1) yield `disk-${index}`;
  })();
  const work = async () => {
    for (const name of next) await createDisk(store, name);
  };
  await Promise.all(Array.from({ length: 32 }, work));
}

async function createDisk(store: Store, name: string): Promise<void> {
  const spec: VmDiskSpec = { source: {}, optical: false, storage: '10Gi', storageClass: 'replicated' };
  const requestId = randomUUID();
  const actor = { type: 'user', id: 'bench' } as const;
  const claim = claimOfDisk(spec);
  await store.create({
    actor,
    requestId,
    kind: 'VMDisk',
    project: 'bench',
    name,
    spec,
    claim,
    attachments: [],
    ...initialDisk(),
  });
}

/** The values of one more row like the newest of the feed. */
async function rowLike(pool: pg.Pool): Promise<string> {
  const found = await pool.query<{ row: string }>(
    `select format('values (now(), %L, %L, %L::uuid, %L, ''MODIFIED'', %L::jsonb)', project, kind, uid, name, object::text) as row
     from change order by seq desc limit 1`,
  );
  return found.rows[0]?.row ?? '';
}
