/**
 * The lines of an export as the database writes them: CloudEvents as JSON, and CSV for spreadsheets.
 *
 * A reader could break: the facts of both forms are what the hash of an event is made of. Tests hold the first against the
 * feed, and let the verification of exports judge both.
 */
import type { Statement } from '../connection.ts';
import type { UsageLineFormat } from '../records.ts';

const time = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/**
 * Put together as text, which costs a fraction of building JSON values: ids, words, names and times hold nothing that
 * JSON would escape, and the dimensions are JSON already.
 */
const CLOUD_EVENT = `
  concat(
    '{"specversion":"1.0","id":"', id, '","source":"/v1/projects/', project, '","type":"compute.usage.v1","subject":"',
    kind, '/', name, '","time":"', ${time('recorded_at')}, '","datacontenttype":"application/json","sequence":"',
    position, '","chainposition":"', chain_position, '","chainhash":"', encode(chain_hash, 'hex'),
    '","data":{"project":"', project, '","meter":"', meter, '","kind":"', kind, '","uid":"', uid, '","name":"', name,
    '","dimensions":', dimensions, ',"from":"', ${time('from_at')}, '","to":"', ${time('to_at')},
    '","durationMs":', duration_ms, case when corrects is not null then ',"corrects":"' || corrects || '"' end, '}}'
  )`;

const HOURS = 'duration_ms / 3600000.0';
const dimension = (name: string): string => `coalesce(dimensions->>'${name}', '')`;
const hoursOf = (name: string): string => `coalesce(round(${HOURS} * (dimensions->>'${name}')::numeric, 9)::text, '')`;

/** Names, ids and words hold neither comma nor quote; the dimensions are JSON and hold both. */
const CSV_CELLS: readonly string[] = [
  ...[
    'chain_position',
    `encode(chain_hash, 'hex')`,
    'id',
    time('recorded_at'),
    'project',
    'meter',
    'kind',
    'uid',
    'name',
  ],
  ...[time('from_at'), time('to_at'), 'duration_ms', `coalesce(corrects::text, '')`],
  `'"' || replace(dimensions::text, '"', '""') || '"'`,
  ...[`round(${HOURS}, 9)`, dimension('series'), dimension('instanceType'), hoursOf('vcpu'), hoursOf('memoryGib')],
  ...[dimension('storageClass'), hoursOf('storageGib'), dimension('method')],
];

const CSV_LINE = `concat_ws(',', ${CSV_CELLS.join(', ')})`;

export const LINE_STATEMENTS: Readonly<Record<UsageLineFormat, Statement>> = {
  ndjson: statementOf('ndjson', CLOUD_EVENT),
  csv: statementOf('csv', CSV_LINE),
};

function statementOf(format: UsageLineFormat, line: string): Statement {
  const text = `
select string_agg(line, '') as lines from (
  select ${line} || E'\\n' as line from usage_event
  where project = $1 and chain_position > $2 and chain_position <= $3
  order by chain_position
) as part`;
  return { name: `read_usage_lines_${format}`, text };
}
