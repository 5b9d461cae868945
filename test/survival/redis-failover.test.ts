import { randomUUID } from 'node:crypto';
import { type RunningRedis, startRedis, startSentinel } from '@compute/dev-stack';
import { openQueue } from '@compute/queue';
import { afterEach, expect, it } from 'vitest';
import { askRedis } from './stage/ask-redis.ts';
import { eventually } from './stage/eventually.ts';

const MASTER = 'compute';
const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A master, a replica of it with the same password, and a Sentinel that knows both. */
async function startGroup(): Promise<{ master: RunningRedis; url: string }> {
  const [master, replica] = [await startRedis(), await startRedis()];
  stops.push(master.stop, replica.stop);
  const { password } = new URL(master.url);
  await askRedis(master.url, `CONFIG SET masterauth ${password}`);
  await askRedis(
    replica.url,
    `CONFIG SET masterauth ${password}`,
    `CONFIG SET requirepass ${password}`,
    `REPLICAOF 127.0.0.1 ${master.port}`,
  );
  await eventually('the replica follows', 10_000, async () => holds(master.url, 'INFO replication', 'state=online'));
  const sentinel = await startSentinel(MASTER, master);
  stops.push(sentinel.stop);
  const own = `redis://${sentinel.address}`;
  await eventually('the Sentinel knows the replica', 15_000, () => holds(own, `SENTINEL replicas ${MASTER}`, 'runid'));
  return { master, url: `redis://default:${password}@${MASTER}?sentinels=${sentinel.address}` };
}

async function holds(url: string, command: string, words: string): Promise<true | undefined> {
  return (await askRedis(url, command)).includes(words) ? true : undefined;
}

it('the queue follows the Sentinels to another master, and asks for what the old one may have taken with it', async () => {
  const { master, url } = await startGroup();
  const queue = await openQueue({ redisUrl: url, prefix: 'failover' });
  stops.push(() => queue.close(0));
  const seen = new Set<string>();
  await queue.work(async ({ uid }) => void seen.add(uid), { concurrency: 2 }).ready();
  const isWorked = async (uid: string) => {
    await queue.send([{ kind: 'VMDisk', uid }]);
    await eventually('the poke is worked on', 1_000, () => (seen.has(uid) ? true : undefined));
    return true as const;
  };
  await isWorked('before');
  const sendAll = async () => undefined;
  expect(await queue.restoreIfLost(sendAll)).toBe('restored');
  expect(await queue.restoreIfLost(sendAll)).toBe('kept');

  await master.stop();
  await eventually('pokes are worked on again', 30_000, () => isWorked(randomUUID()));
  expect(await queue.restoreIfLost(sendAll)).toBe('restored');
}, 60_000);
