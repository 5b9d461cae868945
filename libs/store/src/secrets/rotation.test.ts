import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newVm, openTestStore, PROJECT, SECRETS_KEY, type TestStore, USER } from '../fixtures/open-test-store.ts';
import { inspectDatabase } from '../schema/inspect-database.ts';
import type { Store } from '../store.ts';
import { WrappingKeys } from './wrapping-keys.ts';

const NEXT_KEY = randomBytes(32);
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const by = { actor: USER, requestId: 'request-1' };

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

const cloudInitOf = async (store: Store, name: string, project = PROJECT) =>
  (await store.get('VMInstance', project, name))?.spec.cloudInit;
const withKeys = (current: Buffer, ...others: Buffer[]) =>
  it.another({ secretsKey: new WrappingKeys(current, others) });
const storedSpec = async (name: string) =>
  JSON.stringify(await it.sql('select spec, annotations from resource where name = $1', [name]));

test('a wrapping key is replaced while stores before and after the change work beside each other', async () => {
  const [before, after] = [await withKeys(SECRETS_KEY, NEXT_KEY), await withKeys(NEXT_KEY, SECRETS_KEY)];
  await before.createProject('made-before');
  await after.createProject('made-after');
  await before.create(newVm('vm', { cloudInit: 'secret: 1' }, { project: 'made-after' }));
  await after.create(newVm('vm', { cloudInit: 'secret: 2' }, { project: 'made-before' }));
  const { record } = await after.webhooks.create({ url: 'https://x.test', eventTypes: [], description: '' }, { by });
  expect(await cloudInitOf(before, 'vm', 'made-before')).toBe('secret: 2');
  expect(await cloudInitOf(after, 'vm', 'made-after')).toBe('secret: 1');
  expect((await before.webhooks.turn(record.id))?.secrets).toHaveLength(1);
});

test('what an earlier key has sealed is sealed again, once, and then the earlier key opens nothing', async () => {
  await it.sql("update project set wrapped_by = null where name = 'made-before'");
  const keys = new WrappingKeys(NEXT_KEY, [SECRETS_KEY]);
  const store = await it.another({ secretsKey: keys });
  const [, earlier] = (await store.secrets.sealedBy()).keys;
  expect(earlier?.rows).toBeGreaterThan(0);
  const reports = await Promise.all([store.secrets.rewrap(), (await withKeys(NEXT_KEY, SECRETS_KEY)).secrets.rewrap()]);
  expect(reports.reduce((sum, { rewrapped }) => sum + rewrapped, 0)).toBe(earlier?.rows);
  expect(await store.secrets.rewrap()).toMatchObject({ rewrapped: 0, remaining: [] });
  expect(await store.secrets.sealedBy()).toMatchObject({ keys: [{ isCurrent: true }, { rows: 0 }], unopened: [] });
  const without = await withKeys(NEXT_KEY);
  expect(await cloudInitOf(without, 'vm', 'made-before')).toBe('secret: 2');
  expect((await inspectDatabase(it.databaseUrl, new WrappingKeys(SECRETS_KEY))).sealedBy?.unopened).toContain(
    'project made-before',
  );
  await (await withKeys(SECRETS_KEY, NEXT_KEY)).secrets.rewrap();
});

test('a key that is missing is named, and what it sealed remains', async () => {
  const report = await (await withKeys(randomBytes(32))).secrets.rewrap();
  expect(report).toMatchObject({ rewrapped: 0, remaining: expect.arrayContaining([`project ${PROJECT}`]) });
});

test('a project gets a new data key under the hands of another process that knows only the one before', async () => {
  const other = await it.another();
  const annotations = { [LAST_APPLIED]: 'password: old' };
  const { resource } = await other.create(newVm('early', { cloudInit: 'password: early' }, { annotations }));
  const before = await storedSpec('early');
  const { resourceVersion } = resource;
  await it.store.secrets.renewDataKey(PROJECT);
  expect(await it.store.secrets.reseal(PROJECT)).toMatchObject({ remaining: 0 });
  expect(await storedSpec('early')).not.toBe(before);
  expect(await other.get('VMInstance', PROJECT, 'early')).toMatchObject({
    resourceVersion,
    annotations,
    spec: { cloudInit: 'password: early' },
  });
  expect(await it.store.secrets.reseal(PROJECT)).toEqual({ resealed: 0, remaining: 0 });
});

test('what the other process still seals with the earlier data key is read everywhere, and sealed anew by the next run', async () => {
  const other = await it.another();
  await other.create(newVm('first', { cloudInit: 'a' }));
  await it.store.secrets.renewDataKey(PROJECT);
  await other.create(newVm('late', { cloudInit: 'password: late' }));
  expect(await cloudInitOf(await it.another(), 'late')).toBe('password: late');
  expect((await it.store.secrets.reseal(PROJECT)).resealed).toBeGreaterThan(0);
  expect(await cloudInitOf(other, 'late')).toBe('password: late');
});

test('an edit at the moment of sealing anew is never written over', async () => {
  const { resource } = await it.store.create(newVm('edited', { cloudInit: 'before' }));
  await it.store.secrets.renewDataKey(PROJECT);
  const spec = { ...resource.spec, cloudInit: 'after' };
  await Promise.all([
    it.store.secrets.reseal(PROJECT),
    it.store.want<'VMInstance'>({ ...by, target: { kind: 'VMInstance', project: PROJECT, name: 'edited' }, spec }),
  ]);
  expect(await cloudInitOf(await it.another(), 'edited')).toBe('after');
});

test('a signature is told by a key that stays known when nobody has its wrapping key any more', async () => {
  const before = await withKeys(SECRETS_KEY, NEXT_KEY);
  const keyId = (statement: string) =>
    JSON.parse(Buffer.from(statement.split('.')[0] ?? '', 'base64url').toString()).kid;
  const signedBefore = keyId(await before.usage.sign({ what: 'manifest' }));
  const after = await withKeys(NEXT_KEY);
  const signedAfter = keyId(await after.usage.sign({ what: 'manifest' }));
  expect(signedAfter).not.toBe(signedBefore);
  const known = (await after.usage.verificationKeys()).map(({ id }) => id);
  expect(known[0]).toBe(signedAfter);
  expect(known).toContain(signedBefore);
  expect(new Set(known).size).toBe(known.length);
});
