/**
 * A closed stretch of a project's ledger, to be handed to somebody who does not trust us: every event between two
 * checkpoints, in the order of the chain, as lines of CloudEvents or CSV, with the sums that it must come to.
 *
 * The lines are built by the database and passed through: with an object for each event this process would be the
 * slowest part. A test holds them against the feed's own form.
 */
import { Fault, type Meter } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import type { UsageExport, UsageExportQuery, UsageExportSum, UsageLineFormat } from '../records.ts';
import { EMPTY_CHAIN } from './chain.ts';
import { LINE_STATEMENTS } from './export-lines.ts';

const LINES_AT_ONCE = 5_000;

interface CheckpointRow {
  readonly position: number;
  readonly hash: Buffer;
  readonly statement: string;
}

interface Place {
  readonly position: number;
  readonly hash: string;
  readonly statement?: string;
}

/** Throws `InvalidArgument` for a span that is empty or not closed yet. */
export async function exportUsage(pool: pg.Pool, query: UsageExportQuery): Promise<UsageExport> {
  const { project } = query;
  const { from, to } = await closedSpan(pool, query);
  const [first, last] = [await placeAt(pool, project, from), await placeAt(pool, project, to)];
  await refuseBreak(pool, project, first.position, last.position);
  const sums = await sumsOf(pool, project, first.position, last.position);
  return {
    ...{ project, from, to },
    previousHash: first.hash,
    firstChainPosition: String(first.position + 1),
    lastHash: last.hash,
    lastChainPosition: String(last.position),
    count: last.position - first.position,
    sums,
    checkpoints: [first.statement, last.statement].filter((statement) => statement !== undefined),
    lines: (format) => readLines(pool, { project, after: first.position, upTo: last.position }, format),
  };
}

const BEGINNING = new Date(0);

async function closedSpan(
  pool: pg.Pool,
  { from = BEGINNING, to }: UsageExportQuery,
): Promise<{ from: Date; to: Date }> {
  const [closed] = await rowsOf<{ until: Date }>(pool, READ_CLOSED, []);
  const until = closed?.until ?? BEGINNING;
  if (to === undefined && from.getTime() <= until.getTime()) return { from, to: until };
  if (from.getTime() >= (to ?? until).getTime()) throw wrongSpan('/from', 'The span must begin before it ends.');
  if (to && to.getTime() <= until.getTime()) return { from, to };
  const state = closed ? `Usage is closed until ${until.toISOString()}.` : 'No period has been closed yet.';
  throw wrongSpan('/to', `The span is not closed yet. ${state}`);
}

function wrongSpan(pointer: string, message: string): Fault {
  return new Fault('InvalidArgument', message, { fields: [{ pointer, code: 'out_of_range', message }] });
}

/** Two chains that a restore stands between are two exports: each is whole, and the statement of the restore joins them. */
async function refuseBreak(pool: pg.Pool, project: string, after: number, upTo: number): Promise<void> {
  const [found] = await rowsOf<{ at: Date }>(pool, READ_BREAK, [project, after, upTo]);
  if (!found) return;
  const before = new Date(found.at.getTime() - 1).toISOString();
  const at = found.at.toISOString();
  const message = `The database was restored at ${at}: export up to ${before} and from ${at} on.`;
  throw wrongSpan('/to', message);
}

/** Where the project's chain stood at the end of the last period that ended by then. */
async function placeAt(pool: pg.Pool, project: string, at: Date): Promise<Place> {
  const [row] = await rowsOf<CheckpointRow>(pool, READ_CHECKPOINT, [project, at]);
  if (!row) return EMPTY_CHAIN;
  return { position: row.position, hash: row.hash.toString('hex'), statement: row.statement };
}

async function sumsOf(pool: pg.Pool, project: string, after: number, upTo: number): Promise<UsageExportSum[]> {
  const rows = await rowsOf<{ meter: Meter; events: number; duration_ms: number }>(pool, SUM_EVENTS, [
    ...[project, after, upTo],
  ]);
  return rows.map(({ meter, events, duration_ms: durationMs }) => ({ meter, events, durationMs }));
}

interface Stretch {
  readonly project: string;
  readonly after: number;
  readonly upTo: number;
}

async function* readLines(
  pool: pg.Pool,
  { project, after, upTo }: Stretch,
  format: UsageLineFormat,
): AsyncGenerator<string> {
  const statement = LINE_STATEMENTS[format];
  for (let last = after; last < upTo; last += LINES_AT_ONCE) {
    const end = Math.min(last + LINES_AT_ONCE, upTo);
    const [row] = await rowsOf<{ lines: string | null }>(pool, statement, [project, last, end]);
    if (row?.lines) yield row.lines;
  }
}

const READ_CLOSED = { name: 'read_usage_closed', text: 'select until from usage_closed' };

const READ_CHECKPOINT = {
  name: 'read_usage_checkpoint',
  text: `
select position, hash, statement from usage_checkpoint
where project = $1 and period_end <= $2 order by period_end desc limit 1`,
};

const SUM_EVENTS = {
  name: 'sum_usage_events',
  text: `
select meter, count(*) as events, sum(duration_ms)::bigint as duration_ms from usage_event
where project = $1 and chain_position > $2 and chain_position <= $3
group by meter order by meter`,
};

const READ_BREAK = {
  name: 'read_usage_break',
  text: `
select at from usage_break where project = $1 and position >= $2 and position < $3 and resumes > $2 order by at limit 1`,
};
