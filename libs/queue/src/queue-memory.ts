/**
 * Notices that Redis has forgotten: that it was emptied, restarted or replaced, so that wake-ups which were handed over
 * may be gone. A mark in Redis names the run of the server that kept everything so far.
 *
 * Losing wake-ups is allowed, not noticing it is not: a resource that nobody pokes waits for its next look, which may be
 * minutes away. The mark is set only after everything was sent again, and only if Redis forgot nothing meanwhile.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/** How long others leave the sending to one worker before they take it over. */
const TAKEOVER_MS = 30_000;

/** `kept`: nothing was lost. `busy`: another worker sends everything again. `lost`: the caller must, then confirm. */
type Claim = 'kept' | 'busy' | 'lost';

export type MemoryState = 'kept' | 'busy' | 'restored' | 'lost-again';

const CLAIM = `
local mark = redis.call('GET', KEYS[1])
if mark == ARGV[1] then return 'kept' end
if mark and string.sub(mark, 1, 8) == 'pending:' then return 'busy' end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 'lost'`;

const CONFIRM = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`;

/** Calls `sendAll` if wake-ups may have been lost since it last ended well. One worker at a time does it. */
export async function restoreIfLost(redis: Redis, key: string, sendAll: () => Promise<void>): Promise<MemoryState> {
  const run = await runOf(redis);
  const pending = `pending:${randomUUID()}`;
  const claim = (await redis.eval(CLAIM, 1, key, run, pending, TAKEOVER_MS)) as Claim;
  if (claim !== 'lost') return claim;
  await sendAll();
  const confirmed = await redis.eval(CONFIRM, 1, key, pending, run);
  return confirmed === 1 ? 'restored' : 'lost-again';
}

/** Changes whenever the server restarts, or another takes its place. */
async function runOf(redis: Redis): Promise<string> {
  const info = await redis.info('server');
  return /^run_id:(\S+)/m.exec(info)?.[1] ?? 'unknown';
}
