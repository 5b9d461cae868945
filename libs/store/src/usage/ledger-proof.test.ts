import { createHash, createPublicKey, verify } from 'node:crypto';
import { CHAIN_BEGINNING, chainText, type UsageEvent } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  deleteFully,
  newDisk,
  newVm,
  openTestStore,
  seenDisk,
  seenVm,
  type TestStore,
} from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore({ usagePeriod: 'minute' });
  await it.store.createProject('other');
});
afterAll(() => it.close());

/** A disk that was there for a while and is gone: one closed interval of the project, or more when a minute ended. */
async function leaveUsage(project: string, name: string): Promise<void> {
  const { resource } = await it.store.create(newDisk(name, {}, { project }));
  const { resource: ready } = await it.store.observe(seenDisk(resource, 'Ready'));
  await it.sql(`update usage_open set opened_at = opened_at - interval '70 seconds' where uid = $1`, [ready.uid]);
  await deleteFully(it.store, 'VMDisk', name, project);
}

async function everyEvent(project: string): Promise<UsageEvent[]> {
  return [...(await it.store.usage.events({ project, limit: 1_000 })).events];
}

/** As a billing system would: from nothing but the events. */
function expectChain(events: readonly UsageEvent[], previous = CHAIN_BEGINNING): void {
  for (const event of events) {
    expect(event.chainHash).toBe(createHash('sha256').update(chainText(previous, event)).digest('hex'));
    previous = event.chainHash;
  }
}

async function joined(parts: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const part of parts) text += part;
  return text;
}

interface Statement {
  readonly project: string;
  readonly chainPosition: string;
  readonly chainHash: string;
  readonly periodEnd: string;
}

async function opened(statement: string): Promise<Statement> {
  const [head = '', body = '', signature = ''] = statement.split('.');
  const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
  const key = (await it.store.usage.verificationKeys()).find(({ id }) => id === kid);
  const x = (key ?? expect.unreachable('a key that nobody published')).publicKey.toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  expect(verify(null, Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as Statement;
}

test('each project has a chain of its own without gaps, also when several publish at once', async () => {
  const another = await it.another();
  for (let index = 0; index < 6; index += 1) await leaveUsage(index % 2 ? 'demo' : 'other', `chained-${index}`);
  await Promise.all([it.store.usage.publish(), another.usage.publish(), it.store.usage.publish()]);
  for (const project of ['demo', 'other']) {
    const events = await everyEvent(project);
    expect(events.length).toBeGreaterThanOrEqual(6);
    expect(events.map(({ chainPosition }) => Number(chainPosition))).toEqual(events.map((_, index) => index + 1));
    expectChain(events);
  }
});

test('a changed event does not fit its hash', async () => {
  const [first] = await everyEvent('demo');
  const event = first ?? expect.unreachable('no event');
  const forged = createHash('sha256').update(
    chainText(CHAIN_BEGINNING, { ...event, durationMs: event.durationMs + 1 }),
  );
  expect(forged.digest('hex')).not.toBe(event.chainHash);
});

test('events of a build without chains keep their positions and are chained by the next publication', async () => {
  await it.store.createProject('older');
  await leaveUsage('older', 'old-disk');
  await it.sql(`
    update usage_event e set position = m.last + i.step
    from (select max(position) as last from usage_event where position is not null) m,
      (select id, row_number() over (order by from_at) as step from usage_event where project = 'older') i
    where e.id = i.id`);
  const before = await it.sql<{ id: string; position: string }>(
    `select id, position from usage_event where project = 'older' order by position`,
  );
  expect(await everyEvent('older')).toEqual([]);
  await it.store.usage.publish();
  const events = await everyEvent('older');
  expect(events.map(({ id, position }) => [id, position])).toEqual(before.map(({ id, position }) => [id, position]));
  expectChain(events);
});

test('closing a period seals every chain that grew, once, with a statement that anybody can verify', async () => {
  await leaveUsage('demo', 'sealed');
  const first = await it.store.usage.closePeriods();
  await it.sql(`update usage_closed set until = until - interval '1 minute'`);
  await it.sql(`update usage_checkpoint set period_end = period_end - interval '1 minute'`);
  await leaveUsage('demo', 'sealed-too');
  const second = await it.store.usage.closePeriods();
  const third = await it.store.usage.closePeriods();
  expect([first.sealed > 0, second.sealed > 0, third.sealed]).toEqual([true, true, 0]);
  const [newest, older] = await it.store.usage.checkpoints('demo', 10);
  const checkpoint = newest ?? expect.unreachable('no checkpoint');
  const statement = await opened(checkpoint.statement);
  expect(statement).toMatchObject({ project: 'demo', chainHash: checkpoint.chainHash });
  expect(statement.periodEnd).toBe(checkpoint.periodEnd.toISOString());
  const event = (await everyEvent('demo')).find(({ chainPosition }) => chainPosition === statement.chainPosition);
  expect(event?.chainHash).toBe(statement.chainHash);
  expect(Number(older?.chainPosition)).toBeLessThan(Number(checkpoint.chainPosition));
});

test('an export holds exactly the events between two checkpoints, chained from the first, with their sums', async () => {
  await it.store.usage.closePeriods();
  const [last, before] = await it.store.usage.checkpoints('demo', 2);
  const to = last?.periodEnd ?? expect.unreachable('no checkpoint');
  const from = before?.periodEnd ?? expect.unreachable('only one checkpoint');
  const exported = await it.store.usage.export({ project: 'demo', from, to });
  const text = await joined(exported.lines('ndjson'));
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { chainhash: string; data: { durationMs: number } });
  expect(lines).toHaveLength(exported.count);
  expect(exported.previousHash).toBe(before?.chainHash);
  expect(lines.at(-1)?.chainhash).toBe(exported.lastHash);
  const sum = lines.reduce((total, { data }) => total + data.durationMs, 0);
  expect(exported.sums.reduce((total, { durationMs }) => total + durationMs, 0)).toBe(sum);
  expect(exported.checkpoints).toEqual([before?.statement, last?.statement]);
});

test('a span that is not closed, or is empty, is refused', async () => {
  const [last] = await it.store.usage.checkpoints('demo', 1);
  const to = last?.periodEnd ?? expect.unreachable('no checkpoint');
  const tomorrow = new Date(Date.now() + 86_400_000);
  await expect(it.store.usage.export({ project: 'demo', from: to, to: tomorrow })).rejects.toMatchObject({
    code: 'InvalidArgument',
    details: { fields: [{ pointer: '/to' }] },
  });
  await expect(it.store.usage.export({ project: 'demo', from: to, to })).rejects.toMatchObject({
    details: { fields: [{ pointer: '/from' }] },
  });
});

test('a reader is made by its first acknowledgement, never goes back unless it says so, and knows how far behind it is', async () => {
  const all = await it.store.usage.events({ limit: 1_000 });
  const total = all.events.length;
  const ack = (position: number, rewind = false, owner = '') =>
    it.store.usage.acknowledge({ owner, name: 'billing', position: String(position), rewind });
  expect(await ack(3)).toMatchObject({ name: 'billing', position: '3', eventsBehind: total - 3 });
  expect(await ack(2)).toMatchObject({ position: '3' });
  expect(await ack(2, true)).toMatchObject({ position: '2', oldestUnread: all.events[2]?.recordedAt });
  const done = await ack(total);
  expect(done).toMatchObject({ eventsBehind: 0 });
  expect(done.oldestUnread).toBeUndefined();
  await expect(ack(total + 1)).rejects.toMatchObject({ code: 'InvalidArgument' });
  const own = all.events.filter(({ project }) => project === 'demo');
  expect(await ack(Number(own[1]?.position), false, 'demo')).toMatchObject({
    eventsBehind: own.length - 2,
    oldestUnread: own[2]?.recordedAt,
  });
  expect(await it.store.usage.consumers('demo')).toHaveLength(1);
  await it.store.usage.removeConsumer('demo', 'billing');
  await expect(it.store.usage.consumer('demo', 'billing')).rejects.toMatchObject({ code: 'NotFound' });
});

test('a correction takes back what an event added, once, and stands in the chain', async () => {
  const [event] = (await everyEvent('demo')).filter(({ corrects }) => corrects === undefined);
  const { id, from, to, durationMs } = event ?? expect.unreachable('no event');
  const sumOf = async () => (await everyEvent('demo')).reduce((sum, one) => sum + one.durationMs, 0);
  const before = await sumOf();
  const correction = { eventId: id, actor: 'user:key-1', requestId: 'request-1' };
  const first = await it.store.usage.correct(correction);
  expect(await it.store.usage.correct(correction)).toBe(first);
  await it.store.usage.publish();
  const events = await everyEvent('demo');
  const correcting = events.filter(({ corrects }) => corrects === id);
  expect(correcting).toEqual([expect.objectContaining({ id: first, from, to, durationMs: -durationMs })]);
  expect(await sumOf()).toBe(before - durationMs);
  expectChain(events);
  await expect(it.store.usage.correct({ ...correction, eventId: first })).rejects.toMatchObject({
    code: 'InvalidArgument',
  });
  const nobody = '00000000-0000-4000-8000-000000000000';
  await expect(it.store.usage.correct({ ...correction, eventId: nobody })).rejects.toMatchObject({ code: 'NotFound' });
  const audited = await it.sql(`select 1 from audit where verb = 'correctUsage'`);
  expect(audited).toHaveLength(1);
});

/** A machine that ran over the last boundary and is gone, in a project of its own; the period that ended there is open. */
async function leaveUsageOverBoundary(project: string): Promise<void> {
  await it.store.createProject(project);
  const { resource } = await it.store.create(newVm('over', {}, { project }));
  const { resource: running } = await it.store.observe(seenVm(resource, 'Running'));
  // The boundary lies within the interval that is cut; the rest of it begins at the boundary.
  await it.sql(`update usage_open set opened_at = date_trunc('minute', now()) - interval '10 seconds' where uid = $1`, [
    running.uid,
  ]);
  await it.sql(`update usage_closed set until = date_trunc('minute', now()) - interval '1 minute'`);
  await it.sql('delete from usage_checkpoint');
  await deleteFully(it.store, 'VMInstance', 'over', project);
}

/** The newest checkpoint has nothing that began at its end or later. */
async function expectSealedInTime(project: string): Promise<void> {
  const [checkpoint] = await it.store.usage.checkpoints(project, 1);
  const sealed = (await everyEvent(project)).filter(
    ({ chainPosition }) => Number(chainPosition) <= Number(checkpoint?.chainPosition),
  );
  const end = checkpoint?.periodEnd ?? expect.unreachable('nothing was sealed');
  expect(sealed.length).toBeGreaterThan(0);
  for (const event of sealed) expect(event.from.getTime()).toBeLessThan(end.getTime());
}

test('what began after the boundary is published after the checkpoint of the period before it', async () => {
  await leaveUsageOverBoundary('late');
  await it.store.usage.closePeriods();
  await expectSealedInTime('late');
});

test('a process that is a period behind publishes nothing of the new period before the old one is sealed', async () => {
  await leaveUsageOverBoundary('behind');
  // The end of its own closing: it knows nothing of the boundary that has passed since.
  await it.store.usage.publish();
  await it.store.usage.closePeriods();
  await expectSealedInTime('behind');
});

test('periods that nobody closed in time are sealed one after the other', async () => {
  await leaveUsageOverBoundary('caught-up');
  await it.sql(`update usage_closed set until = until - interval '2 minutes'`);
  const another = await it.another();
  await Promise.all([it.store.usage.closePeriods(), another.usage.closePeriods()]);
  await expectSealedInTime('caught-up');
  expect(await it.store.usage.closePeriods()).toMatchObject({ cut: 0, sealed: 0 });
});
