/**
 * Audits the ledger: history, replayed through the rules of usage, must give what was metered, to the millisecond.
 *
 * The two accounts are written by the same transactions but never read from each other, so a lost, doubled or shifted
 * interval shows. Where retention has dropped the beginning of a resource's history, only the time after it is audited.
 */
import {
  compareUsage,
  type Meter,
  type MeteredSpan,
  type RecordedStep,
  spansOfHistory,
  type UsageAuditFinding,
  type UsageAuditReport,
} from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import { CHARGE } from '../verbs/settle-usage.ts';

const RESOURCES_AT_ONCE = 200;
/** Intervals of strangers that a report names. */
const MOST_STRANGERS = 1_000;
const FIRST_UID = '00000000-0000-0000-0000-000000000000';

interface StepRow {
  readonly uid: string;
  readonly type: RecordedStep['type'];
  readonly from_value: string | null;
  readonly to_value: string;
  readonly at: Date;
}

interface SpanRow {
  readonly uid: string;
  readonly kind: UsageAuditFinding['kind'];
  readonly name: string;
  readonly meter: Meter;
  readonly dimensions: MeteredSpan['dimensions'];
  readonly from_at: Date;
  readonly to_at: Date | null;
}

interface AuditedRow {
  readonly uid: string;
  readonly kind: UsageAuditFinding['kind'];
  readonly name: string;
}

/** Every resource that the project has or had. */
export async function auditUsage(pool: pg.Pool, project: string): Promise<UsageAuditReport> {
  const findings: UsageAuditFinding[] = [];
  let audited = 0;
  for (let after = FIRST_UID; ; ) {
    const resources = await rowsOf<AuditedRow>(pool, LIST_AUDITED, [project, after, RESOURCES_AT_ONCE]);
    findings.push(...(await auditSome(pool, resources)));
    audited += resources.length;
    const last = resources.at(-1);
    if (!last || resources.length < RESOURCES_AT_ONCE) break;
    after = last.uid;
  }
  return { project, audited, findings: [...findings, ...(await strangers(pool, project))] };
}

/** Use of resources that history never knew, of a time that it still tells of. */
async function strangers(pool: pg.Pool, project: string): Promise<UsageAuditFinding[]> {
  const rows = await rowsOf<SpanRow>(pool, READ_STRANGERS, [project, MOST_STRANGERS]);
  const byUid = Map.groupBy(rows, ({ uid }) => uid);
  return [...byUid].flatMap(([uid, spans]) => {
    const [first] = spans;
    const surplus = spans.map(asSpan).map(({ uid: _uid, ...span }) => span);
    return first ? [{ uid, kind: first.kind, name: first.name, missing: [], surplus }] : [];
  });
}

/** One statement reads both accounts of all of them, so that a writer in between cannot make them differ. */
async function auditSome(pool: pg.Pool, resources: readonly AuditedRow[]): Promise<UsageAuditFinding[]> {
  if (resources.length === 0) return [];
  const uids = resources.map(({ uid }) => uid);
  const [accounts] = await rowsOf<{ steps: StepRow[]; spans: SpanRow[] }>(pool, READ_ACCOUNTS, [uids]);
  const steps = Map.groupBy((accounts?.steps ?? []).map(asStep), ({ uid }) => uid);
  const spans = Map.groupBy((accounts?.spans ?? []).map(asSpan), ({ uid }) => uid);
  return resources.flatMap((resource) =>
    findingOf(resource, steps.get(resource.uid) ?? [], spans.get(resource.uid) ?? []),
  );
}

type Step = RecordedStep & { readonly uid: string; readonly isFirst: boolean };
type Span = MeteredSpan & { readonly uid: string };

/** JSON carries times as text. */
function asStep({ uid, type, from_value: from, to_value: to, at }: StepRow): Step {
  return { uid, type, to, at: new Date(at), isFirst: from === null };
}

function asSpan({ uid, meter, dimensions, from_at: from, to_at: to }: SpanRow): Span {
  return { uid, meter, dimensions, from: new Date(from), ...(to === null ? {} : { to: new Date(to) }) };
}

function findingOf(resource: AuditedRow, steps: readonly Step[], metered: readonly Span[]): UsageAuditFinding[] {
  const known = auditable(steps);
  // Before a beginning that is known there was nothing to meter; before one that is not, nobody can tell.
  const since = beginsWithCreation(known) ? new Date(0) : known[0]?.at;
  const { missing, surplus } = compareUsage(spansOfHistory(known), since === undefined ? [] : after(metered, since));
  return missing.length + surplus.length === 0 ? [] : [{ ...resource, missing, surplus }];
}

/** Whether the first phase and the first charge that there ever were are here, written together. */
function beginsWithCreation(known: readonly Step[]): boolean {
  const [one, other] = known;
  const isTogether = one !== undefined && other !== undefined && one.at.getTime() === other.at.getTime();
  return isTogether && one.type !== other.type && one.isFirst && other.isFirst;
}

/** From the first moment at which both phase and charge are known. */
function auditable(steps: readonly Step[]): readonly Step[] {
  const [phase, charge] = [steps.findIndex(isOf('Phase')), steps.findIndex(isOf('Charge'))];
  if (phase === -1 || charge === -1) return [];
  const from = Math.max(phase, charge);
  const before = steps.slice(0, from).findLast(isOf(phase < charge ? 'Phase' : 'Charge'));
  const start = steps[from];
  return before && start ? [{ ...before, at: start.at }, ...steps.slice(from)] : steps.slice(from);
}

const isOf = (type: RecordedStep['type']) => (step: RecordedStep) => step.type === type;

function after(spans: readonly Span[], since: Date): Span[] {
  return spans
    .filter(({ to }) => to === undefined || to.getTime() > since.getTime())
    .map((span) => (span.from.getTime() < since.getTime() ? { ...span, from: since } : span));
}

const LIST_AUDITED = {
  name: 'list_audited_resources',
  text: `
select distinct on (uid) uid, kind, name from transition
where project = $1 and uid > $2::uuid and type in ('Phase', '${CHARGE}') order by uid limit $3`,
};

const READ_ACCOUNTS = {
  name: 'read_usage_accounts',
  text: `
select coalesce((
  select json_agg(s) from (
    select uid, type, from_value, to_value, at from transition
    where uid = any($1::uuid[]) and type in ('Phase', '${CHARGE}') order by uid, seq
  ) s
), '[]') as steps, coalesce((
  select json_agg(m) from (
    select uid, kind, name, meter, dimensions, from_at, to_at from usage_event
    where uid = any($1::uuid[]) and corrects is null
    union all
    select uid, kind, name, meter, dimensions, opened_at, null from usage_open where uid = any($1::uuid[])
  ) m
), '[]') as spans`,
};

const READ_STRANGERS = {
  name: 'read_usage_of_strangers',
  text: `
select uid, kind, name, meter, dimensions, from_at, to_at from usage_event e
where project = $1 and corrects is null and to_at > (select min(at) from transition where project = $1)
  and not exists (select 1 from transition t where t.uid = e.uid)
order by uid, from_at limit $2`,
};
