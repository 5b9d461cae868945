import type { Fault } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestStore, PROJECT, type TestStore } from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (fault: Fault) => fault.code,
  );

test('a token opens its key; only the hash of its secret is stored', async () => {
  const { record, token } = await it.store.createApiKey({ project: PROJECT, name: 'ci', scopes: ['read', 'write'] });
  expect(token).toMatch(/^vmk_[0-9a-f]{16}_[0-9a-f]{64}$/);
  expect(await it.store.authenticate(token)).toEqual(record);
  const secret = token.split('_')[2] ?? '';
  expect(await it.sql(`select 1 from api_key k where k::text like '%' || $1 || '%'`, [secret])).toEqual([]);
});

test('whatever is wrong with a token, the answer is the same', async () => {
  const { token } = await it.store.createApiKey({ name: 'x', scopes: ['read'] });
  const expired = await it.store.createApiKey({ name: 'old', scopes: ['read'], expiresAt: new Date(0) });
  const altered = token.slice(0, -1) + (token.endsWith('0') ? '1' : '0');
  const unknown = token.replace(/_[0-9a-f]{16}_/, '_0000000000000000_');
  for (const bad of [altered, unknown, expired.token, '', 'vmk_', `${token}0`]) {
    const fault = await it.store.authenticate(bad).then(
      () => expect.unreachable(bad),
      (error: Fault) => error,
    );
    expect(fault).toMatchObject({ code: 'Unauthenticated', message: 'The API key is not valid.' });
  }
});

test('a revocation takes effect within a second in another process too', async () => {
  const other = await it.another();
  const { record, token } = await it.store.createApiKey({ name: 'leaked', scopes: ['admin'] });
  expect(await codeOf(other.authenticate(token))).toBe('accepted');
  await it.store.revokeApiKey(record.id);
  expect(await codeOf(it.store.authenticate(token))).toBe('Unauthenticated');
  const verdict = () => codeOf(other.authenticate(token));
  await expect.poll(verdict, { timeout: 1_000, interval: 50 }).toBe('Unauthenticated');
  await it.store.revokeApiKey(record.id);
  expect(await codeOf(it.store.revokeApiKey('none'))).toBe('NotFound');
});

test('keys are listed for their project, and belong to one that exists', async () => {
  const own = await it.store.createApiKey({ project: PROJECT, name: 'own', scopes: ['read'] });
  expect((await it.store.apiKeys(PROJECT)).map(({ id }) => id)).toContain(own.record.id);
  expect((await it.store.apiKeys()).length).toBeGreaterThan((await it.store.apiKeys(PROJECT)).length);
  expect(await codeOf(it.store.createApiKey({ project: 'nowhere', name: 'x', scopes: [] }))).toBe('NotFound');
});

test('the use of a key is noted', async () => {
  const { record, token } = await it.store.createApiKey({ name: 'noted', scopes: ['read'] });
  await it.store.authenticate(token);
  const lastUse = async () => (await it.store.apiKeys()).find(({ id }) => id === record.id)?.lastUsedAt;
  await expect.poll(lastUse).toBeInstanceOf(Date);
});

test('projects are made once, listed by name, and live in a namespace of their own', async () => {
  const made = await it.store.createProject('second');
  expect(made).toMatchObject({ name: 'second', namespace: 'project-second', clusterId: 'default' });
  expect(await it.store.project('second')).toEqual(made);
  expect(await codeOf(it.store.createProject('second'))).toBe('AlreadyExists');
  expect(await codeOf(it.store.createProject('third', { clusterId: 'nowhere' }))).toBe('NotFound');
  const first = await it.store.projects({ limit: 1 });
  expect(first.items.map(({ name }) => name)).toEqual([PROJECT]);
  const rest = await it.store.projects({ limit: 10, after: first.next ?? '' });
  expect(rest).toEqual({ items: [made] });
});

test('a name with a character that cannot be stored is the caller’s fault, in every read and write', async () => {
  const refused = { code: 'InvalidArgument', message: 'A text holds a character that cannot be stored.' };
  const name = 'zero\u0000';
  await expect(it.store.project(name)).rejects.toMatchObject(refused);
  await expect(it.store.projects({ limit: 1, after: name })).rejects.toMatchObject(refused);
  await expect(it.store.createProject(name)).rejects.toMatchObject(refused);
  await expect(it.store.deleteProject(name)).rejects.toMatchObject(refused);
  await expect(it.store.apiKeys(name)).rejects.toMatchObject(refused);
  await expect(it.store.revokeApiKey(name)).rejects.toMatchObject(refused);
  await expect(it.store.createApiKey({ project: name, name: 'x', scopes: [] })).rejects.toMatchObject(refused);
});
