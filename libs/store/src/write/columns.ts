/** Rows as arrays of columns, the form that `unnest` takes. */

export type Column<T> = (row: T) => unknown;

/** One array for each column, in their order. */
export function columnsOf<T>(rows: readonly T[], columns: readonly Column<T>[]): unknown[][] {
  return columns.map((column) => rows.map(column));
}
