/**
 * Makes the databases of a test run on one server: a template with all migrations applied, and copies of it.
 *
 * A reader could break: nobody may stay connected to the template, or copies fail. Every name has the run's prefix, so
 * that a run on a server that is not ours removes what it made and nothing else.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';

export class TestDatabases {
  readonly #url: string;
  readonly #migrate: (databaseUrl: string) => Promise<unknown>;
  readonly #prefix = `test_${randomBytes(5).toString('hex')}`;
  readonly #pool: pg.Pool;
  #template: Promise<string> | undefined;
  #count = 0;

  constructor(url: string, migrate: (databaseUrl: string) => Promise<unknown>) {
    this.#url = url;
    this.#migrate = migrate;
    this.#pool = new pg.Pool({ connectionString: url, max: 2 });
    // A connection that the server closes while nobody uses it is no event for a test run.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
    this.#pool.on('error', () => undefined);
  }

  /** The connection string of a new database with all migrations applied. */
  async fresh(): Promise<string> {
    this.#template ??= this.#makeTemplate();
    return this.#create(` template "${await this.#template}"`);
  }

  /** The connection string of a new database with nothing in it. */
  empty(): Promise<string> {
    return this.#create('');
  }

  async close(): Promise<void> {
    const made = await this.#pool.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [this.#prefix],
    );
    for (const { datname } of made.rows) await this.#pool.query(`drop database if exists "${datname}" with (force)`);
    await this.#pool.end();
  }

  async #makeTemplate(): Promise<string> {
    const url = await this.empty();
    await this.#migrate(url);
    return new URL(url).pathname.slice(1);
  }

  async #create(options: string): Promise<string> {
    this.#count += 1;
    const name = `${this.#prefix}_${this.#count}`;
    await this.#pool.query(`create database "${name}"${options}`);
    const url = new URL(this.#url);
    url.pathname = `/${name}`;
    return url.href;
  }
}
