/** Seals the secrets of one project's resources again, page by page, under its present data key. */
import type { Kind } from '@compute/domain';
import type pg from 'pg';
import { countOf, rowsOf } from '../connection.ts';
import { type DataKeys, openAnnotations, openSpec, sealAnnotations, sealingKeyIds, sealSpec } from './sealing.ts';

const PAGE_ROWS = 200;
const MOST_PASSES = 5;

type JsonObject = Record<string, unknown>;

interface Row {
  readonly uid: string;
  readonly kind: Kind;
  readonly spec: JsonObject;
  readonly annotations: JsonObject;
}

interface Resealed {
  readonly resealed: number;
  readonly remaining: number;
}

/** Rows that change in the same moment are looked at again; one that changes each time is left for the next run. */
export async function resealRows(pool: pg.Pool, project: string, keys: DataKeys): Promise<Resealed> {
  let resealed = 0;
  for (let pass = 1; ; pass += 1) {
    const done = await resealOnce(pool, project, keys);
    resealed += done.resealed;
    if (done.remaining === 0 || pass === MOST_PASSES) return { resealed, remaining: done.remaining };
  }
}

async function resealOnce(pool: pg.Pool, project: string, keys: DataKeys): Promise<Resealed> {
  let [resealed, remaining, after] = [0, 0, FIRST_UID];
  for (;;) {
    const rows = await rowsOf<Row>(pool, READ_PAGE, [project, after, PAGE_ROWS]);
    for (const row of rows.filter((candidate) => isBehind(candidate, keys))) {
      if (await resealRow(pool, row, keys)) resealed += 1;
      else remaining += 1;
    }
    const last = rows.at(-1);
    if (!last || rows.length < PAGE_ROWS) return { resealed, remaining };
    after = last.uid;
  }
}

function isBehind({ kind, spec, annotations }: Row, [present]: DataKeys): boolean {
  return sealingKeyIds(kind, spec, annotations).some((id) => id !== present.id);
}

async function resealRow(pool: pg.Pool, { uid, kind, spec, annotations }: Row, keys: DataKeys): Promise<boolean> {
  const newSpec = sealSpec(kind, uid, openSpec(kind, uid, spec, keys), keys[0]);
  const newAnnotations = sealAnnotations(kind, uid, openAnnotations(kind, uid, annotations, keys), keys[0]);
  const values = [spec, annotations, newSpec, newAnnotations].map((value) => JSON.stringify(value));
  return (await countOf(pool, RESEAL, [uid, ...values])) === 1;
}

const FIRST_UID = '00000000-0000-0000-0000-000000000000';

const READ_PAGE = {
  text: `
select uid, kind, spec, annotations from resource where project = $1 and uid > $2::uuid order by uid limit $3`,
};

/** No version moves: what the user wrote is what it was. */
const RESEAL = {
  text: `
update resource set spec = $4::jsonb, annotations = $5::jsonb
where uid = $1 and spec = $2::jsonb and annotations = $3::jsonb`,
};
