/**
 * The product's "create" transaction as one SQL statement, for pgbench to run beside it.
 *
 * Made from what the store really wrote for one model resource: every row of every table that names it becomes an insert,
 * every quota row that it changed an update. So the two sides stay the same work when the store changes.
 */
import { FEED_LOCK } from '@compute/store';
import type pg from 'pg';

export interface Model {
  readonly uid: string;
  readonly name: string;
  readonly operationId: string;
  readonly project: string;
  /** Projects are `<prefix>0` to `<prefix><count - 1>`. */
  readonly projectPrefix: string;
  readonly projectCount: number;
}

type Row = Readonly<Record<string, string | null>>;

const BY_UID = ['transition', 'outbox', 'operation', 'audit', 'usage_open', 'resource'] as const;
/** Columns that the database fills in itself. */
const GENERATED: Readonly<Record<string, string>> = { outbox: 'id', audit: 'id', change: 'seq' };

/** A script for pgbench: a variable for the project, then the statement. */
export async function singleStatement(client: pg.Pool, model: Model): Promise<string> {
  const one = `select gen_random_uuid() as uid, gen_random_uuid() as operation_id, '${model.projectPrefix}' || :n as project from locked`;
  return `\\set n random(0, ${model.projectCount - 1})\n${await creationFrom(one, client, model)};\n`;
}

/** The same work for many machines: their uids, operations and projects are the parameters, each an array. */
export async function batchStatement(client: pg.Pool, model: Model): Promise<string> {
  const many = 'select i.* from locked, unnest($1::uuid[], $2::uuid[], $3::text[]) as i(uid, operation_id, project)';
  return creationFrom(many, client, model);
}

async function creationFrom(wanted: string, client: pg.Pool, model: Model): Promise<string> {
  const inserts: string[] = [];
  for (const table of BY_UID) {
    for (const [index, row] of (await rowsOf(client, table, model)).entries()) {
      inserts.push(`${table}_${index} as (${insertOf(table, row, model)})`);
    }
  }
  const [change] = await rowsOf(client, 'change', model);
  const quota = await quotaOf(client, model);
  const parts = [
    `locked as materialized (select pg_advisory_xact_lock_shared(${FEED_LOCK}))`,
    `new as materialized (${wanted})`,
    'per_project as (select project, count(*) as count from new group by project)',
    ...quota.map((update, index) => `quota_${index} as (${update})`),
    `logged as (${insertOf('change', change ?? {}, model)} returning seq, uid)`,
    ...inserts,
  ];
  return `with ${parts.join(',\n')}\nselect 1`;
}

/** Rows as text, so that each value can be written into SQL as a literal. */
async function rowsOf(client: pg.Pool, table: string, model: Model): Promise<Row[]> {
  const columns = await client.query<{ column_name: string }>(
    `select column_name from information_schema.columns where table_schema = 'public' and table_name = $1`,
    [table],
  );
  const list = columns.rows.map(({ column_name: name }) => `"${name}"::text as "${name}"`).join(', ');
  return (await client.query<Row>(`select ${list} from "${table}" where uid = $1`, [model.uid])).rows;
}

function insertOf(table: string, row: Row, model: Model): string {
  const given = Object.entries(row).filter(([column, value]) => column !== GENERATED[table] && value !== null);
  const columns = given.map(([column]) => `"${column}"`).join(', ');
  const values = given.map(([column, value]) => expressionFor(table, column, value ?? '', model)).join(', ');
  const source = table === 'resource' ? 'new join logged using (uid)' : 'new';
  return `insert into "${table}" (${columns}) select ${values} from ${source}`;
}

function expressionFor(table: string, column: string, value: string, model: Model): string {
  if (table === 'resource' && column === 'resource_version') return 'logged.seq';
  if (value === model.uid) return 'new.uid';
  if (value === model.operationId) return 'new.operation_id';
  if (value === model.project) return 'new.project';
  if (value === model.name) return `'vm-' || new.uid`;
  const literal = literalOf(value);
  if (/^[[{]/.test(value)) return `${literal}::jsonb`;
  return /^\d{4}-\d\d-\d\d /.test(value) ? `${literal}::timestamptz` : /^-?\d+$/.test(value) ? value : literal;
}

/** Colons are escaped, because pgbench takes a colon and a word for a variable. */
function literalOf(value: string): string {
  return `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll(':', '\\x3a')}'`;
}

async function quotaOf(client: pg.Pool, model: Model): Promise<string[]> {
  const changed = await client.query<{ scope: string; metric: string; used: string }>(
    'select scope, metric, used::text from quota where project = $1 and used > 0 order by scope, metric',
    [model.project],
  );
  return changed.rows.map(
    ({ scope, metric, used }) =>
      `update quota set used = used + ${used} * p.count from per_project p where quota.project = p.project and scope = ${literalOf(scope)} and metric = ${literalOf(metric)}`,
  );
}
