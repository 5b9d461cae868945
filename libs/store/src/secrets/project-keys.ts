/**
 * The data keys of projects, kept in memory while the process runs: the one that seals, and retired ones that still open.
 *
 * Another process may give a project a new key at any time. A row names the key that sealed it, so a key that is not known
 * yet is fetched before the row is read; and what is known is asked for again now and then, so that the new key is soon
 * the one that seals everywhere.
 */
import type { Kind } from '@compute/domain';
import type pg from 'pg';
import { type Queryable, rowsOf } from '../connection.ts';
import { unwrap } from './envelopes.ts';
import { type DataKey, type DataKeys, dataKey, sealingKeyIds } from './sealing.ts';
import type { WrappingKeys } from './wrapping-keys.ts';

/** How long a process goes on sealing with a key that another one has retired. */
export const DATA_KEY_FRESH_MS = 30_000;

interface ProjectKeyRow {
  readonly name: string;
  readonly uid: string;
  readonly sealed: Buffer;
  readonly wrapped_by: string | null;
}

interface SealedRow {
  readonly kind: Kind;
  readonly project: string;
  readonly spec: Record<string, unknown>;
  readonly annotations: Record<string, unknown>;
}

interface Known {
  readonly keys: DataKeys;
  readonly until: number;
}

export class ProjectKeys {
  readonly #pool: pg.Pool;
  readonly #wrapping: WrappingKeys;
  readonly #known = new Map<string, Known>();

  constructor(pool: pg.Pool, wrapping: WrappingKeys) {
    this.#pool = pool;
    this.#wrapping = wrapping;
  }

  /** Loads what is not known, or not lately. Names that do not exist stay unknown and are asked for again next time. */
  async load(projects: Iterable<string>, on: Queryable = this.#pool): Promise<void> {
    const now = performance.now();
    await this.#fetch(new Set([...projects].filter((project) => (this.#known.get(project)?.until ?? 0) <= now)), on);
  }

  /** Loads what these rows need to be read. */
  async loadFor(rows: readonly SealedRow[], on: Queryable = this.#pool): Promise<void> {
    await this.#fetch(new Set(rows.filter((row) => !this.#opens(row)).map(({ project }) => project)), on);
  }

  /** Undefined: not loaded, or no such project. */
  get(project: string): DataKeys | undefined {
    return this.#known.get(project)?.keys;
  }

  forget(project: string): void {
    this.#known.delete(project);
  }

  #opens({ kind, project, spec, annotations }: SealedRow): boolean {
    const ids = sealingKeyIds(kind, spec, annotations);
    if (ids.length === 0) return true;
    const keys = this.get(project);
    return keys !== undefined && ids.every((id) => id === undefined || keys.some((key) => key.id === id));
  }

  async #fetch(projects: ReadonlySet<string>, on: Queryable): Promise<void> {
    if (projects.size === 0) return;
    const found = new Map<string, [DataKey, ...DataKey[]]>();
    for (const { name, uid, sealed, wrapped_by: wrappedBy } of await rowsOf<ProjectKeyRow>(on, LOAD_KEYS, [
      [...projects],
    ])) {
      const key = dataKey(unwrap({ sealed, wrappedBy }, this.#wrapping, `project/${uid}`));
      const earlier = found.get(name);
      if (earlier) earlier.push(key);
      else found.set(name, [key]);
    }
    const until = performance.now() + DATA_KEY_FRESH_MS;
    for (const [name, keys] of found) this.#known.set(name, { keys, until });
  }
}

/** The present key of each project comes before its retired ones. */
const LOAD_KEYS = {
  name: 'project_keys',
  text: `
select name, uid, sealed_data_key as sealed, wrapped_by, null as retired_at from project where name = any($1::text[])
union all
select p.name, p.uid, r.sealed_key, r.wrapped_by, r.retired_at
from retired_data_key r join project p on p.name = r.project where r.project = any($1::text[])
order by name, retired_at desc nulls first`,
};
