/**
 * One leader among all processes for each name, by a session's advisory lock: whoever dies loses it at once, and nobody
 * can keep it without a connection. What a leader does must still be harmless when done twice: it may not yet have
 * noticed that its connection is gone.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { LEADERSHIP_LOCK } from './locks.ts';

const TRY_EVERY_MS = 1_000;
const PING_EVERY_MS = 2_000;

type Lead = (signal: AbortSignal) => Promise<void>;

/** Waits for its turn, then runs `lead` once, with a signal that aborts when the leadership or the caller ends. */
export async function withLeadership(
  config: pg.ClientConfig,
  name: string,
  lead: Lead,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    if (await leadOnce(config, name, lead, signal)) return;
    await sleep(TRY_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Returns whether it was the leader. */
async function leadOnce(config: pg.ClientConfig, name: string, lead: Lead, signal: AbortSignal): Promise<boolean> {
  const client = new pg.Client(config);
  const lost = new AbortController();
  client.on('error', () => lost.abort());
  client.on('end', () => lost.abort());
  await client.connect();
  const ping = setInterval(() => client.query('select 1').catch(() => lost.abort()), PING_EVERY_MS);
  try {
    const got = await client.query<{ got: boolean }>(TRY_LOCK, [LEADERSHIP_LOCK, keyOf(name)]);
    if (!got.rows[0]?.got) return false;
    await lead(AbortSignal.any([signal, lost.signal]));
    return true;
  } finally {
    clearInterval(ping);
    await client.end().catch(() => undefined);
  }
}

function keyOf(name: string): number {
  return createHash('sha256').update(name).digest().readInt32BE(0);
}

const TRY_LOCK = 'select pg_try_advisory_lock($1, $2) as got';
