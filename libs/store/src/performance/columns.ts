/** The columns of the performance tables, and the statements that are made of them: a figure is added here and in a migration. */
import { FIGURES, type Figure, type PerformanceLevel, type RollupLevel } from '@compute/domain';

export const FIGURE_COLUMNS: Readonly<Record<Figure, string>> = {
  cpuCores: 'cpu_cores',
  memoryBytes: 'memory_bytes',
  networkReceiveBytesPerSecond: 'network_receive_bps',
  networkTransmitBytesPerSecond: 'network_transmit_bps',
  diskReadBytesPerSecond: 'disk_read_bps',
  diskWriteBytesPerSecond: 'disk_write_bps',
};

export const LEVEL_TABLES: Readonly<Record<PerformanceLevel, string>> = {
  sample: 'performance_sample',
  minute: 'performance_minute',
  hour: 'performance_hour',
  day: 'performance_day',
};

/** What each level is made of. */
const FINER: Readonly<Record<RollupLevel, PerformanceLevel>> = { minute: 'sample', hour: 'minute', day: 'hour' };

const columns = FIGURES.map((figure) => FIGURE_COLUMNS[figure]);
const maxima = columns.map((column) => `${column}_max`);

/** Averages weigh each row by its samples, of those rows only that have the figure. */
function average(column: string, weight: string): string {
  return `sum(${column} * ${weight}) / sum(${weight}) filter (where ${column} is not null) as ${column}`;
}

/** `max(…)` of a level: a sample is its own maximum. */
function maximum(column: string, isSample: boolean): string {
  return `max(${isSample ? column : `${column}_max`}) as ${column}_max`;
}

/** Rows of a level gathered into spans: `$1` is the beginning of the first, `$2` the length in seconds. */
function gathered(level: PerformanceLevel, where: string): string {
  const isSample = level === 'sample';
  const weight = isSample ? '1' : 'samples';
  return `
select uid, date_bin(make_interval(secs => $2::float8), at, '2000-01-01Z') as at, sum(${weight})::int as samples,
  ${columns.map((column) => average(column, weight)).join(', ')},
  ${columns.map((column) => maximum(column, isSample)).join(', ')}
from ${LEVEL_TABLES[level]} where ${where} group by 1, 2`;
}

/** Makes the rows of a level from `$1` on anew out of the finer level. */
export function rollStatement(level: RollupLevel): { readonly name: string; readonly text: string } {
  const written = ['samples', ...columns, ...maxima];
  const text = `
insert into ${LEVEL_TABLES[level]} (uid, at, ${written.join(', ')})
select uid, at, ${written.join(', ')} from (${gathered(FINER[level], 'at >= $1')}) as made
on conflict (uid, at) do update set ${written.map((column) => `${column} = excluded.${column}`).join(', ')}`;
  return { name: `roll_performance_${level}`, text };
}

/** Where the rows that `rollStatement` makes must begin: the newest row there is, or the first of the finer level. */
export function rolledStatement(level: RollupLevel): { readonly name: string; readonly text: string } {
  const text = `
select coalesce(
  (select at from ${LEVEL_TABLES[level]} order by at desc limit 1),
  (select at from ${LEVEL_TABLES[FINER[level]]} order by at limit 1)
) as since`;
  return { name: `rolled_performance_${level}`, text };
}

/** `$1` from, `$2` step in seconds, `$3` to, `$4` uid. */
export function rangeStatement(level: RollupLevel): { readonly name: string; readonly text: string } {
  const text = `${gathered(level, 'uid = $4 and at >= $1 and at < $3')} order by at`;
  return { name: `performance_range_${level}`, text };
}

/** Of one project, of one machine where `$2` is given, in the phases `$4`: the newest sample that is younger than `$3` seconds. */
export const LATEST = {
  name: 'latest_performance',
  text: `
select r.project, r.uid, r.name, r.labels, r.created_at, s.at, ${columns.map((column) => `s.${column}`).join(', ')}
from resource r cross join lateral (
  select * from performance_sample s
  where s.uid = r.uid and s.at > now() - make_interval(secs => $3::float8) order by s.at desc limit 1
) as s
where r.project = $1 and r.kind = 'VMInstance' and r.phase = any($4::text[]) and ($2::text is null or r.name = $2)
order by r.name`,
};

/** Only of machines that exist, whatever the labels in a cluster say. A sample that is there already stays. */
export const WRITE_SAMPLES = {
  name: 'write_performance_samples',
  text: `
insert into performance_sample (uid, at, ${columns.join(', ')})
select i.* from unnest($1::uuid[], $2::timestamptz[], ${columns.map((_, index) => `$${index + 3}::float8[]`).join(', ')})
  as i(uid, at, ${columns.join(', ')})
join resource r on r.uid = i.uid and r.kind = 'VMInstance'
on conflict (uid, at) do nothing`,
};
