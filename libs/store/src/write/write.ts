/** A statement and the rows that it writes, as columns. */
import type { Statement } from '../connection.ts';
import { type Column, columnsOf } from './columns.ts';

export interface Write {
  readonly statement: Statement;
  /** Undefined: there is nothing to write. */
  readonly values: unknown[] | undefined;
}

/** `first`: parameters before those of the columns. */
export function write<T>(
  statement: Statement,
  rows: readonly T[],
  columns: readonly Column<T>[],
  first: unknown[] = [],
): Write {
  return { statement, values: rows.length === 0 ? undefined : [...first, ...columnsOf(rows, columns)] };
}
