/**
 * What history tells of the lives of a project's resources: phases and requests for power, as far as a report about a
 * range of time needs them.
 *
 * Lines before the last time that a machine ran before the range decide nothing in it, and are left out. Of a resource
 * whose lines are no longer kept the row itself tells its phase.
 */
import type { Kind, LifeLine, LifeRecord } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import type { LifeQuery } from '../records.ts';

const RESOURCES_AT_ONCE = 200;

interface SubjectRow {
  readonly uid: string;
  readonly kind: Kind;
  readonly name: string;
  /** Null of what is deleted. */
  readonly phase: string | null;
  readonly phase_since: Date | null;
}

interface LineRow {
  readonly uid: string;
  readonly type: LifeLine['type'];
  readonly from_value: string | null;
  readonly to_value: string;
  readonly reason: string;
  readonly at: Date;
}

/** Every resource that was there at some time of the range, by kind, name and uid; in parts. */
export async function* lifeRecords(pool: pg.Pool, query: LifeQuery): AsyncGenerator<LifeRecord[]> {
  const subjects = await rowsOf<SubjectRow>(pool, FIND_SUBJECTS, [
    ...[query.project, query.from, query.to, query.kind ?? null, query.name ?? null, query.uid ?? null],
  ]);
  for (let first = 0; first < subjects.length; first += RESOURCES_AT_ONCE) {
    const some = subjects.slice(first, first + RESOURCES_AT_ONCE);
    const rows = await rowsOf<LineRow>(pool, READ_LINES, [some.map(({ uid }) => uid), query.from, query.to]);
    const lines = Map.groupBy(rows, ({ uid }) => uid);
    yield some.map((subject) => recordOf(subject, lines.get(subject.uid) ?? []));
  }
}

function recordOf({ uid, kind, name, phase, phase_since: since }: SubjectRow, rows: readonly LineRow[]): LifeRecord {
  const lines = rows.map(lineOf);
  const isKnown = lines.some(({ type }) => type === 'Phase');
  const present: LifeLine[] =
    isKnown || phase === null || since === null ? [] : [{ type: 'Phase', to: phase, reason: '', at: since }];
  return { kind, uid, name, lines: [...present, ...lines] };
}

function lineOf({ type, from_value: from, to_value: to, reason, at }: LineRow): LifeLine {
  return { type, to, reason, at, ...(from === null ? {} : { from }) };
}

const FIND_SUBJECTS = {
  name: 'find_life_subjects',
  text: `
select * from (
  select uid, kind, name, phase, phase_since from resource where project = $1 and created_at < $3::timestamptz
  union all
  select uid, kind, name, null, null from transition
  where project = $1 and type = 'Phase' and to_value = 'Deleted' and at >= $2::timestamptz
) as subject
where ($4::text is null or kind = $4) and ($5::text is null or name = $5) and ($6::uuid is null or uid = $6)
order by kind, name, uid`,
};

const READ_LINES = {
  name: 'read_life_lines',
  text: `
select line.* from unnest($1::uuid[]) as subject(uid) cross join lateral (
  select t.uid, t.seq, t.type, t.from_value, t.to_value, t.reason, t.at from transition t
  where t.uid = subject.uid and t.type in ('Phase', 'Power') and t.at < $3::timestamptz and t.seq >= coalesce((
    select max(ran.seq) from transition ran
    where ran.uid = subject.uid and ran.type = 'Phase' and ran.to_value = 'Running' and ran.at < $2::timestamptz
  ), 0)
) as line
order by line.uid, line.seq`,
};
