import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestStore, PROJECT, type TestStore } from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

const by = (id: string) => ({
  actor: { type: 'user', id } as const,
  requestId: `request-${id}`,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  origin: { face: 'rest', address: '192.0.2.7' },
});

test('projects, quotas and keys leave who, what and from where in the audit log, in the transaction of the change', async () => {
  await it.store.createProject('audited', { by: by('a') });
  await it.store.quota.setLimits('audited', { 'series:U/vcpus': 3 }, { by: by('b') });
  const { record } = await it.store.createApiKey({ project: 'audited', name: 'k', scopes: ['read'], by: by('c') });
  await it.store.revokeApiKey(record.id, by('d'));
  await it.store.revokeApiKey(record.id, by('e'));
  const { items } = await it.store.audit({ project: 'audited', limit: 10 });
  expect(items.map(({ verb, kind, name, actor }) => [verb, kind, name, actor])).toEqual([
    ['revoke', 'ApiKey', record.id, 'user:d'],
    ['create', 'ApiKey', record.id, 'user:c'],
    ['set', 'Quota', 'audited', 'user:b'],
    ['create', 'Project', 'audited', 'user:a'],
  ]);
  for (const entry of items)
    expect(entry).toMatchObject({
      ...{ face: 'rest', address: '192.0.2.7', traceId: '0af7651916cd43dd8448eb211c80319c' },
      requestId: `request-${entry.actor.slice(-1)}`,
    });
});

test('what is refused leaves nothing', async () => {
  await it.store.createProject('once', { by: by('a') });
  await it.store.createProject('once', { by: by('b') }).catch(() => undefined);
  await it.store.quota.setLimits('nowhere', {}, { by: by('b') }).catch(() => undefined);
  await it.store.createApiKey({ project: 'nowhere', name: 'x', scopes: ['read'], by: by('b') }).catch(() => undefined);
  expect((await it.store.audit({ project: 'once', limit: 10 })).items).toHaveLength(1);
  expect((await it.store.audit({ project: 'nowhere', limit: 10 })).items).toEqual([]);
});

test('what belongs to no project has a log of its own', async () => {
  const { record } = await it.store.createApiKey({ name: 'global', scopes: ['admin'], by: by('root') });
  const { items } = await it.store.audit({ project: '', limit: 100, actor: 'user:root' });
  expect(items.map(({ name }) => name)).toEqual([record.id]);
});

test('pages hold each line once, newest first; actor and time select', async () => {
  const made: string[] = [];
  for (let n = 0; n < 5; n += 1)
    made.push(
      (await it.store.createApiKey({ project: PROJECT, name: `${n}`, scopes: ['read'], by: by('p') })).record.id,
    );
  const query = { project: PROJECT, actor: 'user:p', limit: 2 };
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = await it.store.audit(after === undefined ? query : { ...query, after });
    seen.push(...page.items.map(({ name }) => name));
    after = page.next;
  } while (after !== undefined);
  expect(seen).toEqual(made.toReversed());
  expect((await it.store.audit({ ...query, to: new Date(0) })).items).toEqual([]);
  expect((await it.store.audit({ ...query, from: new Date(0) })).items).toHaveLength(2);
  await expect(it.store.audit({ ...query, after: '1; drop' })).rejects.toMatchObject({ code: 'InvalidArgument' });
});

test('keys come in pages, newest first', async () => {
  await it.store.createProject('paged');
  for (const name of ['a', 'b', 'c']) await it.store.createApiKey({ project: 'paged', name, scopes: ['read'] });
  const first = await it.store.apiKeyPage({ project: 'paged', limit: 2 });
  const second = await it.store.apiKeyPage({ project: 'paged', limit: 2, after: first.next ?? '' });
  expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['c', 'b', 'a']);
  expect(second.next).toBeUndefined();
});
