import type { Fault } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newDisk, newVm, openTestStore, PROJECT, seenVm, type TestStore } from '../fixtures/open-test-store.ts';
import type { LabelRequirement } from '../records.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
  const labels: Record<string, string>[] = [
    { tier: 'web', env: 'prod' },
    { tier: 'web' },
    { tier: 'db', env: 'prod' },
    {},
    { env: "o'brien" },
  ];
  await Promise.all(labels.map((own, index) => it.store.create(newVm(`vm-${index}`, {}, { labels: own }))));
  await it.store.create(newDisk('disk'));
});
afterAll(() => it.close());

async function select(...labelSelector: LabelRequirement[]): Promise<string[]> {
  const page = await it.store.list({ kind: 'VMInstance', project: PROJECT, limit: 100, labelSelector });
  return page.items.map(({ name }) => name);
}
const rule = (key: string, operator: LabelRequirement['operator'], ...values: string[]) => ({ key, operator, values });

test('label selectors mean what they mean in Kubernetes', async () => {
  expect(await select(rule('tier', 'In', 'web'))).toEqual(['vm-0', 'vm-1']);
  expect(await select(rule('tier', 'In', 'web', 'db'), rule('env', 'Exists'))).toEqual(['vm-0', 'vm-2']);
  expect(await select(rule('tier', 'NotIn', 'web'))).toEqual(['vm-2', 'vm-3', 'vm-4']);
  expect(await select(rule('env', 'DoesNotExist'))).toEqual(['vm-1', 'vm-3']);
  expect(await select(rule('env', 'In', "o'brien"))).toEqual(['vm-4']);
  expect(await select(rule("'; drop table resource; --", 'Exists'))).toEqual([]);
});

test('pages by name meet every resource once, whatever comes and goes between them', async () => {
  const query = { kind: 'VMInstance' as const, project: PROJECT, limit: 2 };
  const first = await it.store.list(query);
  expect(first.items.map(({ name }) => name)).toEqual(['vm-0', 'vm-1']);
  await it.store.create(newVm('vm-00'));
  const second = await it.store.list({ ...query, after: first.next ?? '' });
  const third = await it.store.list({ ...query, after: second.next ?? '' });
  expect([...second.items, ...third.items].map(({ name }) => name)).toEqual(['vm-2', 'vm-3', 'vm-4']);
  expect(third.next).toBeUndefined();
});

test('names are in byte order, as Kubernetes lists them', async () => {
  await it.store.createProject('ordered');
  for (const name of ['a-b', 'ab', 'a0', 'b']) await it.store.create(newVm(name, {}, { project: 'ordered' }));
  const page = await it.store.list({ kind: 'VMInstance', project: 'ordered', limit: 10 });
  expect(page.items.map(({ name }) => name)).toEqual(['a-b', 'a0', 'ab', 'b']);
});

test('a list may be narrowed to a phase', async () => {
  const { resource } = await it.store.create(newVm('only-running', {}, {}));
  await it.store.observe(seenVm(resource, 'Running'));
  const page = await it.store.list({
    kind: 'VMInstance',
    project: PROJECT,
    limit: 10,
    filter: [{ field: 'phase', comparison: '=', value: 'Running' }],
  });
  expect(page.items.map(({ name }) => name)).toEqual(['only-running']);
});

test('history is read newest first, page by page, and narrowed by what it is about', async () => {
  const { resource } = await it.store.create(newVm('storied'));
  const running = await it.store.observe(seenVm(resource, 'Running'));
  await it.store.observe(seenVm(running.resource, 'Stopped'));
  const all = await it.store.history({ project: PROJECT, name: 'storied', kind: 'VMInstance', limit: 100 });
  const paged = [];
  let after: string | undefined;
  do {
    const page = await it.store.history({ project: PROJECT, uid: resource.uid, limit: 2, ...(after ? { after } : {}) });
    paged.push(...page.items);
    after = page.next;
  } while (after);
  expect(paged).toEqual(all.items);
  const numbers = all.items.map(({ seq }) => seq);
  expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => other - one));
  const since = await it.store.history({
    project: PROJECT,
    uid: resource.uid,
    from: new Date(Date.now() + 60_000),
    limit: 9,
  });
  expect(since.items).toEqual([]);
  const forged = it.store.history({ project: PROJECT, limit: 1, after: 'nonsense' });
  expect(await forged.catch((fault: Fault) => fault.code)).toBe('InvalidArgument');
});

test('operations are read newest first, page by page', async () => {
  const query = { project: PROJECT, limit: 4 };
  const first = await it.store.operations(query);
  const rest = await it.store.operations({ ...query, limit: 100, after: first.next ?? '' });
  const all = await it.store.operations({ ...query, limit: 100 });
  expect([...first.items, ...rest.items]).toEqual(all.items);
});

test('what is not there is undefined', async () => {
  expect(await it.store.get('VMInstance', PROJECT, 'disk')).toBeUndefined();
  expect(await it.store.getByUid('00000000-0000-4000-8000-000000000000')).toBeUndefined();
  expect(await it.store.operation('00000000-0000-4000-8000-000000000000')).toBeUndefined();
});

test('a name that no database holds is the mistake of who asks for it', async () => {
  const refused = { code: 'InvalidArgument' };
  await expect(it.store.get('VMInstance', PROJECT, 'zero\u0000')).rejects.toMatchObject(refused);
  await expect(it.store.history({ project: PROJECT, name: 'zero\u0000', limit: 1 })).rejects.toMatchObject(refused);
});
