/** Times as Postgres writes them, read without a regular expression: a page of a list holds hundreds of them. */
import pg from 'pg';

export const TIMESTAMPTZ = 1184;

/** `2026-11-23 03:14:26`: the part of fixed width. */
const SECONDS_END = 19;
const UTC = '+00';
const general = pg.types.getTypeParser(TIMESTAMPTZ, 'text');

/** A time of the years 1000 to 9999 in UTC; whatever else is given goes the driver's way. Cut to milliseconds. */
export function timeOf(text: string): Date {
  const end = text.length - UTC.length;
  const isPlain = text.endsWith(UTC) && (end === SECONDS_END || (text[SECONDS_END] === '.' && end <= SECONDS_END + 7));
  if (!isPlain || text[4] !== '-') return general(text) as Date;
  const date = Date.UTC(part(text, 0, 4), part(text, 5, 7) - 1, part(text, 8, 10));
  const clock = (part(text, 11, 13) * 60 + part(text, 14, 16)) * 60 + part(text, 17, SECONDS_END);
  return new Date(date + clock * 1_000 + millisOf(text.slice(SECONDS_END + 1, end)));
}

const part = (text: string, from: number, to: number): number => Number(text.slice(from, to));

/** `.1` is a hundred milliseconds. */
const millisOf = (fraction: string): number => Number(fraction.slice(0, 3).padEnd(3, '0'));
