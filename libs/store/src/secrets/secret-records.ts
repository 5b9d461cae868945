/**
 * The rotation of keys: what wrapping keys have sealed is sealed again under the present one, and a project is given a new
 * data key. Each step is one compare-and-set of one row, so it may be interrupted anywhere, repeated, and done by two at once.
 *
 * A reader could break: sealing again is no change of a resource. It moves no version and writes no history, and it never
 * writes over a change, because it only replaces exactly what it has read.
 */
import { Fault } from '@compute/domain';
import type pg from 'pg';
import { OPERATOR } from '../access/audit-entry.ts';
import type { Attributed } from '../commands.ts';
import { countOf, inTransaction, type Queryable, rowsOf } from '../connection.ts';
import { openWith, unwrap, wrap } from './envelopes.ts';
import type { ProjectKeys } from './project-keys.ts';
import { resealRows } from './reseal-rows.ts';
import { nameOf, readSealedRows, type SealedBy, type SealedRow, type SealedTable, sealedBy } from './sealed-rows.ts';
import { type DataKey, dataKey, newDataKey } from './sealing.ts';
import type { WrappingKeys } from './wrapping-keys.ts';

export interface RewrapReport {
  /** Rows that are sealed under the present key now and were not before. */
  readonly rewrapped: number;
  /** Rows that were so already. */
  readonly current: number;
  /** What none of the keys opens, or changed in the same moment; the next run sees it again. */
  readonly remaining: readonly string[];
}

export interface ResealReport {
  readonly resealed: number;
  /** Machines whose secrets are still sealed with a retired key, since they changed in the same moment. */
  readonly remaining: number;
}

export class SecretRecords {
  readonly #pool: pg.Pool;
  readonly #keys: ProjectKeys;
  readonly #wrapping: WrappingKeys;

  constructor(pool: pg.Pool, keys: ProjectKeys, wrapping: WrappingKeys) {
    this.#pool = pool;
    this.#keys = keys;
    this.#wrapping = wrapping;
  }

  /** Which of the keys opens how much. */
  sealedBy(): Promise<SealedBy> {
    return sealedBy(this.#pool, this.#wrapping);
  }

  /** Seals everything under the present wrapping key that another one has sealed. Safe to repeat and to interrupt. */
  async rewrap(by: Attributed = OPERATOR): Promise<RewrapReport> {
    const rows = await readSealedRows(this.#pool);
    const outcomes = await inTurn(rows, (row) => this.#rewrapOne(row));
    const rewrapped = outcomes.filter((outcome) => outcome === 'rewrapped').length;
    if (rewrapped > 0) await audit(this.#pool, { verb: 'rewrap', name: this.#wrapping.current.id, project: '' }, by);
    return {
      rewrapped,
      current: outcomes.filter((outcome) => outcome === 'current').length,
      remaining: rows.filter((_, index) => outcomes[index] === 'remaining').map(nameOf),
    };
  }

  /** Gives a project a new data key; the one before goes on opening. Throws `NotFound`. */
  async renewDataKey(project: string, by: Attributed = OPERATOR): Promise<void> {
    await inTransaction(this.#pool, async (tx) => {
      const [row] = await rowsOf<ProjectKeyRow>(tx, LOCK_PROJECT, [project]);
      if (!row) throw new Fault('NotFound', `There is no project '${project}'.`);
      const { id } = this.#open(row);
      const next = wrap(newDataKey().bytes, this.#wrapping, `project/${row.uid}`);
      await rowsOf(tx, RETIRE_KEY, [project, id, row.sealed, row.wrappedBy]);
      await rowsOf(tx, SET_KEY, [project, next.sealed, next.wrappedBy]);
      await audit(tx, { verb: 'renewDataKey', name: project, project }, by);
    });
    this.#keys.forget(project);
  }

  /** Seals the secrets of a project's resources under its present data key. Safe to repeat and to interrupt. Throws `NotFound`. */
  async reseal(project: string): Promise<ResealReport> {
    this.#keys.forget(project);
    await this.#keys.load([project]);
    const keys = this.#keys.get(project);
    if (!keys) throw new Fault('NotFound', `There is no project '${project}'.`);
    return resealRows(this.#pool, project, keys);
  }

  #open({ uid, ...envelope }: ProjectKeyRow): DataKey {
    return dataKey(unwrap(envelope, this.#wrapping, `project/${uid}`));
  }

  async #rewrapOne(row: SealedRow): Promise<'current' | 'rewrapped' | 'remaining'> {
    const opened = openWith(row, this.#wrapping, row.context);
    if (!opened) return 'remaining';
    if (opened.key.id === this.#wrapping.current.id && row.wrappedBy === opened.key.id) return 'current';
    const { sealed, wrappedBy } = wrap(opened.clear, this.#wrapping, row.context);
    const done = await countOf(this.#pool, SET_SEALED[row.table], [row.name, row.sealed, sealed, wrappedBy]);
    return done === 1 ? 'rewrapped' : 'remaining';
  }
}

interface ProjectKeyRow {
  readonly uid: string;
  readonly sealed: Buffer;
  readonly wrappedBy: string | null;
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

function audit(on: Queryable, what: { verb: string; name: string; project: string }, by: Attributed): Promise<unknown> {
  return rowsOf(on, AUDIT, [what.project, what.verb, what.name, `${by.actor.type}:${by.actor.id}`, by.requestId]);
}

const LOCK_PROJECT = {
  text: `select uid, sealed_data_key as sealed, wrapped_by as "wrappedBy" from project where name = $1 for update`,
};

const RETIRE_KEY = {
  text: 'insert into retired_data_key (project, id, sealed_key, wrapped_by) values ($1, $2, $3, $4)',
};

const SET_KEY = { text: 'update project set sealed_data_key = $2, wrapped_by = $3 where name = $1' };

const AUDIT = {
  text: `
insert into audit (at, project, verb, kind, name, actor, request_id) values (now(), $1, $2, 'EncryptionKey', $3, $4, $5)`,
};

/** Replaces exactly what was read. A retired key keeps its bytes for ever, so its place among several needs no id. */
const SET_SEALED: Readonly<Record<SealedTable, { text: string }>> = {
  project: {
    text: 'update project set sealed_data_key = $3, wrapped_by = $4 where name = $1 and sealed_data_key = $2',
  },
  retired_data_key: {
    text: 'update retired_data_key set sealed_key = $3, wrapped_by = $4 where project = $1 and sealed_key = $2',
  },
  webhook: {
    text: 'update webhook set sealed_secrets = $3, wrapped_by = $4 where id = $1 and sealed_secrets = $2',
  },
};
