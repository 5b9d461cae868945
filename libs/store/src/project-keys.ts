/** Projects as the write path needs them: that they exist, and their data keys, kept in memory while the process runs. */
import type pg from 'pg';
import { type Queryable, rowsOf } from './connection.ts';
import { unwrapDataKey } from './sealing.ts';

interface ProjectKeyRow {
  readonly name: string;
  readonly uid: string;
  readonly sealed_data_key: Buffer;
}

export class ProjectKeys {
  readonly #pool: pg.Pool;
  readonly #secretsKey: Buffer;
  readonly #keys = new Map<string, Buffer>();

  constructor(pool: pg.Pool, secretsKey: Buffer) {
    this.#pool = pool;
    this.#secretsKey = secretsKey;
  }

  /** Loads what is not known yet. Names that do not exist stay unknown and are asked for again next time. */
  async load(projects: Iterable<string>, on: Queryable = this.#pool): Promise<void> {
    const missing = [...new Set(projects)].filter((project) => !this.#keys.has(project));
    if (missing.length === 0) return;
    for (const row of await rowsOf<ProjectKeyRow>(on, LOAD_KEYS, [missing]))
      this.#keys.set(row.name, unwrapDataKey(row.sealed_data_key, this.#secretsKey, row.uid));
  }

  /** Undefined: not loaded, or no such project. */
  get(project: string): Buffer | undefined {
    return this.#keys.get(project);
  }

  forget(project: string): void {
    this.#keys.delete(project);
  }
}

const LOAD_KEYS = {
  name: 'project_keys',
  text: 'select name, uid, sealed_data_key from project where name = any($1::text[])',
};
