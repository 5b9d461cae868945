/**
 * Closing periods: cut what runs at the last boundary; then, for one period after the other, publish everything that
 * began before its end, and seal each chain that grew with a signed checkpoint. What began later is published
 * afterwards, so the events between two checkpoints are those of the periods between them, and what became known late.
 *
 * Safe to repeat, to interrupt anywhere, and to run in several processes at once.
 */
import type pg from 'pg';
import { inTransaction, rowsOf } from '../connection.ts';
import { nextBoundary } from './intervals.ts';
import { firstUnsealed, lockPositions, publishUsage } from './publish.ts';
import type { SigningKeys } from './signing-key.ts';
import { cutUsage } from './usage-clock.ts';

/** What one step did. */
export interface ClosedPeriods {
  /** Events that the cut at the boundary made. */
  readonly cut: number;
  readonly published: number;
  /** Checkpoints that were signed. */
  readonly sealed: number;
}

export async function closeAndPublish(pool: pg.Pool, periodMs: number, keys: SigningKeys): Promise<ClosedPeriods> {
  const { boundary, events } = await cutUsage(pool, periodMs);
  let [published, sealed] = [0, 0];
  for (const end of await unsealedEnds(pool, boundary, periodMs)) {
    published += await publishUsage(pool, periodMs, end);
    sealed += await inTransaction(pool, async (tx) => {
      await lockPositions(tx);
      return seal(tx, end, keys);
    });
  }
  return { cut: events, published: published + (await publishUsage(pool, periodMs)), sealed };
}

/** The ends of the periods that are over and not sealed; of a ledger that was never sealed, the last boundary alone. */
async function unsealedEnds(pool: pg.Pool, boundary: Date, periodMs: number): Promise<Date[]> {
  const ends: Date[] = [];
  const first = (await firstUnsealed(pool, periodMs)) ?? boundary;
  for (let end = first; end <= boundary; end = nextBoundary(end, periodMs)) ends.push(end);
  return ends;
}

interface GrownChain {
  readonly project: string;
  readonly position: number;
  readonly hash: Buffer;
}

/** Does nothing when the period is closed already. */
async function seal(tx: pg.PoolClient, boundary: Date, keys: SigningKeys): Promise<number> {
  const moved = await rowsOf(tx, MOVE_CLOSED, [boundary]);
  if (moved.length === 0) return 0;
  const chains = await rowsOf<GrownChain>(tx, READ_GROWN, []);
  if (chains.length === 0) return 0;
  const key = await keys.forSigning(tx);
  await rowsOf(tx, INSERT_CHECKPOINTS, [
    boundary,
    chains.map(({ project }) => project),
    chains.map(({ position }) => position),
    chains.map(({ hash }) => hash),
    chains.map((chain) => key.sign(statementOf(chain, boundary))),
  ]);
  return chains.length;
}

function statementOf({ project, position, hash }: GrownChain, periodEnd: Date): object {
  return {
    type: 'compute.usage.checkpoint.v1',
    ...{
      project,
      periodEnd: periodEnd.toISOString(),
      chainPosition: String(position),
      chainHash: hash.toString('hex'),
    },
  };
}

const MOVE_CLOSED = {
  name: 'move_usage_closed',
  text: `
insert into usage_closed (until) values ($1)
on conflict ("only") do update set until = excluded.until where usage_closed.until < excluded.until
returning until`,
};

const READ_GROWN = {
  name: 'read_grown_usage_chains',
  text: `
select c.project, c.position, c.hash from usage_chain c
where c.position > coalesce((
  select p.position from usage_checkpoint p where p.project = c.project order by p.period_end desc limit 1
), 0)`,
};

const INSERT_CHECKPOINTS = {
  name: 'insert_usage_checkpoints',
  text: `
insert into usage_checkpoint (project, period_end, position, hash, statement)
select project, $1::timestamptz, position, hash, statement
from unnest($2::text[], $3::bigint[], $4::bytea[], $5::text[]) as i(project, position, hash, statement)`,
};
