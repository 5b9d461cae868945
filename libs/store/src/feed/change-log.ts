/** The change feed as it lies in the database: settled pages, oldest first. */
import { Fault, type Kind } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import type { Change, ChangeOp } from '../records.ts';
import { type ResourceRow, toResources } from '../resource-row.ts';
import type { ProjectKeys } from '../secrets/project-keys.ts';

interface ChangeRow {
  readonly seq: number;
  readonly at: Date;
  readonly op: ChangeOp;
  readonly object: ResourceRow;
}

export interface LogSpan {
  /** Exclusive. */
  readonly after: number;
  /** Inclusive; a settled mark. */
  readonly upTo: number;
  readonly limit: number;
  readonly project?: string | undefined;
  readonly kinds?: readonly Kind[] | undefined;
}

export class ChangeLog {
  readonly #pool: pg.Pool;
  readonly #keys: ProjectKeys;

  constructor(pool: pg.Pool, keys: ProjectKeys) {
    this.#pool = pool;
    this.#keys = keys;
  }

  /** Throws `CursorTooOld` when changes after `after` were dropped already. */
  async read(span: LogSpan): Promise<Change[]> {
    const values = [span.after, span.upTo, span.project ?? null, span.kinds ?? null, span.limit];
    const rows = await rowsOf<ChangeRow>(this.#pool, READ, values);
    // Asked after reading: a drop in between is noticed.
    const [floor] = await rowsOf<{ seq: number }>(this.#pool, FLOOR, []);
    if (floor && floor.seq > span.after)
      throw new Fault('CursorTooOld', 'The changes after this position are no longer kept. List again, then go on.');
    const resources = await toResources(
      rows.map(({ object }) => object),
      this.#keys,
    );
    return resources.map((resource, index) => {
      const { seq, at, op } = rows[index] as ChangeRow;
      const { kind, project, uid, name } = resource;
      return { seq: String(seq), at, op, kind, project, uid, name, resource };
    });
  }
}

/** A position that a caller sent. Throws `InvalidArgument`. */
export function parsePosition(position: string): number {
  if (!/^\d{1,15}$/.test(position)) throw new Fault('InvalidArgument', 'The cursor is not one of ours.');
  return Number(position);
}

const READ = {
  name: 'read_changes',
  text: `
select seq, at, op, object from change
where seq > $1 and seq <= $2 and ($3::text is null or project = $3) and ($4::text[] is null or kind = any($4))
order by seq limit $5`,
};

const FLOOR = { name: 'change_floor', text: 'select seq from change_floor' };
