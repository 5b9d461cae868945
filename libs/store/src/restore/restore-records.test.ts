import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteFully, newDisk, openTestStore, seenDisk, type TestStore } from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore({ usagePeriod: 'hour' });
});
afterAll(() => it.close());

/** A disk that was there for a while and is gone: at least one event of the project. */
async function leaveUsage(name: string): Promise<void> {
  const { resource } = await it.store.create(newDisk(name));
  await it.store.observe(seenDisk(resource, 'Ready'));
  await it.sql(`update usage_open set opened_at = opened_at - interval '70 seconds' where uid = $1`, [resource.uid]);
  await deleteFully(it.store, 'VMDisk', name);
  await it.store.usage.publish();
}

const events = async () => (await it.store.usage.events({ limit: 1_000 })).events;
const CLOSE = `insert into usage_closed (until) values (now() + interval '1 minute')
  on conflict ("only") do update set until = excluded.until`;
const SEAL = `insert into usage_checkpoint (project, period_end, position, hash, statement)
  select project, now(), position, hash, 'sealed later' from usage_chain`;

test('a database has an id of its own, and comes further with each change', async () => {
  const first = await it.store.restores.lineage();
  expect(first).toMatchObject({ epoch: 1, held: false });
  await leaveUsage('first');
  const second = await it.store.restores.lineage();
  expect(second.id).toBe(first.id);
  expect(second.position).toBeGreaterThan(first.position);
});

test('a restore is begun once, holds everybody until it ends, and skips what was handed out', async () => {
  const old = await events();
  await it.store.usage.acknowledge({ owner: '', name: 'bills', position: '0', rewind: false });
  await it.store.usage.acknowledge({ owner: 'demo', name: 'bills', position: '0', rewind: false });
  const position = Number(await it.store.feedPosition());
  const begun = await it.store.restores.begin(position + 5_000);
  expect(begun).toMatchObject({ epoch: 2, isNew: true });
  expect(await it.store.restores.begin(0)).toMatchObject({ isNew: false });
  expect(await it.store.restores.lineage()).toMatchObject({ epoch: 1, held: true });
  expect((await it.store.restores.lineage()).position).toBeGreaterThan(position + 5_000);
  await expect(it.store.changes({ after: String(position), limit: 1 })).rejects.toMatchObject({ code: 'CursorTooOld' });
  await it.store.restores.end();
  expect(await it.store.restores.lineage()).toMatchObject({ epoch: 2, held: false });

  await leaveUsage('second');
  const now = await events();
  const added = now.slice(old.length);
  expect(now.slice(0, old.length)).toEqual(old);
  expect(Number(added[0]?.position)).toBeGreaterThan(1_000_000);
  // What was skipped is not counted as something to read.
  for (const owner of ['', 'demo'])
    expect(await it.store.usage.consumer(owner, 'bills')).toMatchObject({ eventsBehind: now.length });
});

test('an export never spans a restore; the one behind it begins at the signed statement', async () => {
  await it.sql(SEAL);
  await it.sql(CLOSE);
  const resumed = (await it.store.usage.checkpoints('demo', 10)).find(({ statement }) => statement.includes('.'));
  const at = resumed?.periodEnd ?? expect.unreachable('nothing was sealed');
  await expect(it.store.usage.export({ project: 'demo' })).rejects.toThrow(
    `The database was restored at ${at.toISOString()}`,
  );
  const before = await it.store.usage.export({ project: 'demo', to: new Date(at.getTime() - 1) });
  const after = await it.store.usage.export({ project: 'demo', from: at });
  expect(before.count + after.count).toBe((await events()).length);
  expect(after.previousHash).toBe(resumed?.chainHash);
  expect(after.checkpoints).toContain(resumed?.statement);
  const said = JSON.parse(Buffer.from(resumed?.statement.split('.')[1] ?? '', 'base64url').toString());
  expect(said.restored).toMatchObject({
    withdrawnFrom: String(Number(before.lastChainPosition) + 1),
    withdrawnTo: resumed?.chainPosition,
    lastHash: before.lastHash,
  });
});
