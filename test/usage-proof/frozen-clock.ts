/**
 * A database whose clock a test sets. Its functions of time stand before those of Postgres in the search path, so whatever
 * the product asks of the time, it is told this one: to the millisecond, forwards, backwards, or not moving at all.
 */
import pg from 'pg';

export class FrozenClock {
  readonly #client: pg.Client;
  #now: number;

  private constructor(client: pg.Client, now: number) {
    this.#client = client;
    this.#now = now;
  }

  /** Connections that are opened afterwards live by this clock. */
  static async install(databaseUrl: string, now: Date): Promise<FrozenClock> {
    const client = new pg.Client({ connectionString: databaseUrl, application_name: 'clock' });
    await client.connect();
    await client.query(INSTALL);
    const { rows } = await client.query<{ name: string }>('select current_database() as name');
    await client.query(`alter database "${rows[0]?.name}" set search_path = clock, pg_catalog, public`);
    const clock = new FrozenClock(client, now.getTime());
    await clock.set(now.getTime());
    return clock;
  }

  /** In milliseconds. */
  get now(): number {
    return this.#now;
  }

  async set(now: number): Promise<void> {
    await this.#client.query('update clock.present set at = $1', [new Date(now)]);
    this.#now = now;
  }

  /** Breaks every connection of these programs, whatever they are doing. Resolves to how many there were. */
  async killConnections(programs: readonly string[]): Promise<number> {
    return (await this.#client.query(KILL, [programs])).rowCount ?? 0;
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}

const INSTALL = `
create schema if not exists clock;
create table if not exists clock.present (at timestamptz not null);
delete from clock.present;
insert into clock.present values (now());
create or replace function clock.now() returns timestamptz stable language sql as 'select at from clock.present';
create or replace function clock.clock_timestamp() returns timestamptz volatile language sql as 'select at from clock.present';`;

const KILL = `
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and application_name = any($1::text[])`;
