// For tests: compares a recorded story with one of the traces. Where the traces say that a row comes by race, it may be missing.
import { expect } from 'vitest';

/**
 * Rows are `phase | Bound | Running | Ready`; a row that begins with `?` may be left out. Before the first transfer the phase may be
 * empty or Pending, and the first status may say that there is no claim yet.
 */
export function expectStory(recorded: readonly string[], expected: readonly string[]): void {
  const rows = recorded.filter((row) => !isBeginning(row));
  const found = match(rows, expected);
  expect(found ?? rows).toEqual(found === undefined ? expected.filter((row) => !row.startsWith('?')) : found);
}

function isBeginning(row: string): boolean {
  return row === ' | - | - | -' || row === 'Pending | False/NotFound | False | False';
}

/** The rows when they fit, in order and completely. */
function match(rows: readonly string[], expected: readonly string[]): readonly string[] | undefined {
  const fits = (row: number, pattern: number): boolean => {
    const next = expected[pattern];
    if (next === undefined) return row === rows.length;
    const optional = next.startsWith('?');
    const wanted = optional ? next.slice(1) : next;
    const actual = rows[row];
    if (actual !== undefined && same(actual, wanted) && fits(row + 1, pattern + 1)) return true;
    return optional && fits(row, pattern + 1);
  };
  return fits(0, 0) ? rows : undefined;
}

// `""` and Pending stand for each other while nothing has begun.
function same(actual: string, wanted: string): boolean {
  return actual === wanted || (wanted.startsWith('Pending |') && actual === wanted.replace('Pending |', ' |'));
}
