/**
 * The first half of what is done to a database that was restored from a backup. In one transaction: everybody is kept from
 * acting on it; both feeds go on behind every place that a reader may have been given before; the chain of each project's
 * usage is interrupted by a signed statement, which takes back what was handed out after the backup.
 *
 * Nothing that was handed out can thereby come to mean something else: no cursor, no version of a resource, no place in a
 * chain is ever given twice.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { inTransaction, type Queryable, rowsOf } from '../connection.ts';
import { FEED_LOCK, USAGE_POSITION_LOCK } from '../locks.ts';
import type { SigningKey, SigningKeys } from '../usage/signing-key.ts';

/** More than an installation writes between two looks of the cluster at its database, many times over. */
const SKIPPED = 1_000_000;
/** Versions that callers hold from after the backup are never reached again. */
const SKIPPED_VERSIONS = 10_000;

export interface BegunRestore {
  readonly epoch: number;
  readonly at: Date;
  /** False when it was begun before and not ended: then nothing was written. */
  readonly isNew: boolean;
  /** Wishes about power and imports that were on their way in the backup, and are not repeated. */
  readonly droppedWishes: number;
}

/** `seen`: the highest position that a cluster has seen of this database. */
export function beginRestore(pool: pg.Pool, keys: SigningKeys, seen: number): Promise<BegunRestore> {
  return inTransaction(pool, async (tx) => {
    await rowsOf(tx, LOCK_ALL, [FEED_LOCK, USAGE_POSITION_LOCK]);
    const [state] = await rowsOf<State>(tx, HOLD, []);
    if (state === undefined) throw new Error('the database has no lineage');
    const { epoch, at, was_held: wasHeld } = state;
    if (wasHeld) return { epoch, at, isNew: false, droppedWishes: 0 };
    await rowsOf(tx, RESUME_FEEDS, [epoch, at, seen, SKIPPED]);
    await rowsOf(tx, EXPIRE_CURSORS, [epoch]);
    const dropped = await rowsOf(tx, DROP_WISHES, []);
    await rowsOf(tx, SKIP_VERSIONS, [SKIPPED_VERSIONS]);
    await breakChains(tx, { epoch, at }, await keys.forSigning(tx));
    return { epoch, at, isNew: true, droppedWishes: dropped.length };
  });
}

interface State {
  readonly epoch: number;
  readonly at: Date;
  readonly was_held: boolean;
}

interface Chain {
  readonly project: string;
  readonly position: number;
  readonly hash: Buffer;
}

/** Each chain gets two checkpoints: one where it stood, so that what is there can be exported, and one where it goes on. */
async function breakChains(tx: Queryable, { epoch, at }: Pick<State, 'epoch' | 'at'>, key: SigningKey): Promise<void> {
  const chains = await rowsOf<Chain>(tx, READ_CHAINS, []);
  const before = new Date(at.getTime() - 1);
  const breaks = chains.map(({ project, position, hash }) => {
    const lastHash = hash.toString('hex');
    const resumes = position + SKIPPED;
    const restored = {
      epoch,
      at: at.toISOString(),
      withdrawnFrom: String(position + 1),
      withdrawnTo: String(resumes),
      lastHash,
    };
    const chainHash = createHash('sha256')
      .update(JSON.stringify([project, restored]))
      .digest('hex');
    const statement = key.sign({ ...checkpoint(project, at, resumes, chainHash), restored });
    const end = key.sign(checkpoint(project, before, position, lastHash));
    return { project, position, resumes, hash, chainHash: Buffer.from(chainHash, 'hex'), statement, end };
  });
  const projects = breaks.map(({ project }) => project);
  const [ends, resumed] = [breaks.map((one) => one.position), breaks.map((one) => one.resumes)];
  const [hashes, chainHashes] = [breaks.map((one) => one.hash), breaks.map((one) => one.chainHash)];
  await rowsOf(tx, SEAL, [before, projects, ends, hashes, breaks.map((one) => one.end)]);
  const statements = breaks.map(({ statement }) => statement);
  await rowsOf(tx, SEAL, [at, projects, resumed, chainHashes, statements]);
  await rowsOf(tx, KEEP_BREAKS, [epoch, at, projects, ends, resumed, statements]);
  await rowsOf(tx, MOVE_CHAINS, [projects, resumed, chainHashes]);
}

function checkpoint(project: string, periodEnd: Date, position: number, chainHash: string): object {
  const place = { project, periodEnd: periodEnd.toISOString(), chainPosition: String(position), chainHash };
  return { type: 'compute.usage.checkpoint.v1', ...place };
}

const LOCK_ALL = { name: 'lock_restore', text: 'select pg_advisory_xact_lock($1), pg_advisory_xact_lock($2)' };

const HOLD = {
  name: 'hold_database',
  text: `
with before as (select held from database_lineage for update)
update database_lineage l set held = true from before
returning l.epoch + 1 as epoch, date_trunc('milliseconds', clock_timestamp()) as at, before.held as was_held`,
};

const RESUME_FEEDS = {
  name: 'resume_feeds',
  text: `
insert into database_restore (epoch, at, change_seq, change_resumes, usage_position, usage_resumes)
select $1, $2, seq, greatest(seq, $3::bigint) + $4, place, place + $4
from (select coalesce(last_value, 0) as seq from change_seq_seq) s, (
  select greatest(
    (select coalesce(max(position), 0) from usage_event where position is not null),
    (select coalesce(max(usage_resumes), 0) from database_restore)
  ) as place
) u`,
};

const EXPIRE_CURSORS = {
  name: 'expire_cursors',
  text: `
with moved as (
  select setval('change_seq_seq', change_resumes) as seq from database_restore where epoch = $1
)
insert into change_floor (seq) select seq from moved
on conflict ("only") do update set seq = greatest(change_floor.seq, excluded.seq)`,
};

const DROP_WISHES = {
  name: 'drop_wishes',
  text: 'update resource set intent = null where intent is not null returning uid',
};

const SKIP_VERSIONS = {
  name: 'skip_versions',
  text: 'update resource set spec_version = spec_version + $1, status_version = status_version + $1',
};

const READ_CHAINS = { name: 'read_all_usage_chains', text: 'select project, position, hash from usage_chain' };

const SEAL = {
  name: 'seal_restore',
  text: `
insert into usage_checkpoint (project, period_end, position, hash, statement)
select project, $1::timestamptz, position, hash, statement
from unnest($2::text[], $3::bigint[], $4::bytea[], $5::text[]) as i(project, position, hash, statement)`,
};

const KEEP_BREAKS = {
  name: 'keep_usage_breaks',
  text: `
insert into usage_break (project, epoch, at, position, resumes, statement)
select project, $1, $2::timestamptz, position, resumes, statement
from unnest($3::text[], $4::bigint[], $5::bigint[], $6::text[]) as i(project, position, resumes, statement)`,
};

const MOVE_CHAINS = {
  name: 'move_usage_chains_on',
  text: `
update usage_chain c set position = i.position, hash = i.hash
from unnest($1::text[], $2::bigint[], $3::bytea[]) as i(project, position, hash) where c.project = i.project`,
};
