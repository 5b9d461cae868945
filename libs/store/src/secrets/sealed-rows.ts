/** Every row that a wrapping key has sealed, whichever table it lies in, and which of the keys opens it. */
import { type Queryable, rowsOf } from '../connection.ts';
import { type EnvelopeContext, openWith } from './envelopes.ts';
import type { WrappingKeys } from './wrapping-keys.ts';

export type SealedTable = 'project' | 'retired_data_key' | 'webhook';

export interface SealedRow {
  readonly table: SealedTable;
  /** The name of the project, or the id of the webhook. */
  readonly name: string;
  readonly context: EnvelopeContext;
  readonly sealed: Buffer;
  readonly wrappedBy: string | null;
}

/** How much of what is stored each key opens. */
export interface SealedBy {
  /** Every key that was given, the present one first. */
  readonly keys: readonly { readonly id: string; readonly isCurrent: boolean; readonly rows: number }[];
  /** What none of them opens: `project demo`, `webhook wh_…`. */
  readonly unopened: readonly string[];
}

export function readSealedRows(on: Queryable): Promise<SealedRow[]> {
  return rowsOf<SealedRow>(on, READ_SEALED, []);
}

/** Opens each row, since a build before leaves the name of a key that is no longer the one. */
export async function sealedBy(on: Queryable, keys: WrappingKeys): Promise<SealedBy> {
  const counts = new Map(keys.all.map(({ id }) => [id, 0]));
  const unopened: string[] = [];
  for (const row of await readSealedRows(on)) {
    const id = openWith(row, keys, row.context)?.key.id;
    if (id === undefined) unopened.push(nameOf(row));
    else counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const counted = [...counts].map(([id, rows]) => ({ id, isCurrent: id === keys.current.id, rows }));
  return { keys: counted, unopened };
}

/** As a person would say it. */
export function nameOf({ table, name }: SealedRow): string {
  return `${table === 'webhook' ? 'webhook' : 'project'} ${name}`;
}

const READ_SEALED = {
  text: `
select 'project' as "table", name, 'project/' || uid as context, sealed_data_key as sealed, wrapped_by as "wrappedBy"
from project
union all
select 'retired_data_key', p.name, 'project/' || p.uid, r.sealed_key, r.wrapped_by
from retired_data_key r join project p on p.name = r.project
union all
select 'webhook', id, 'webhook/' || id, sealed_secrets, wrapped_by from webhook
order by 1, 2`,
};
