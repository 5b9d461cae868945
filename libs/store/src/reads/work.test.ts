/** Who is looked at next: turns among projects, and what is put back into the outbox. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { newVm, openTestStore, type TestStore } from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
  for (const project of ['flood', 'small']) await it.store.createProject(project);
});
afterAll(() => it.close());
beforeEach(async () => {
  await it.sql('delete from outbox');
});

const wantIn = (project: string, names: readonly string[]) =>
  Promise.all(names.map((name) => it.store.create({ ...newVm(name), project })));
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

async function claimed(limit: number): Promise<string[]> {
  const uids: string[] = [];
  await it.store.claimOutbox(limit, async (pokes) => void uids.push(...pokes.map(({ uid }) => uid)));
  const rows = await it.sql<{ uid: string; project: string }>('select uid, project from resource');
  const projects = new Map(rows.map(({ uid, project }) => [uid, project]));
  return uids.map((uid) => projects.get(uid) ?? '');
}

test('projects take turns, so a wish does not stand behind the flood of another', async () => {
  await wantIn('flood', numbered('turn', 20));
  await wantIn('small', ['one', 'two']);
  expect(await claimed(4)).toEqual(['flood', 'small', 'flood', 'small']);
  expect(await claimed(4)).toEqual(['flood', 'flood', 'flood', 'flood']);
});

test('more projects than places are served in the order of their oldest wish', async () => {
  await wantIn('small', ['early']);
  await wantIn('flood', numbered('late', 3));
  expect(await claimed(1)).toEqual(['small']);
  expect(await claimed(1)).toEqual(['flood']);
});

test('looks that nobody asked for wait beside the wishes of their project, once each', async () => {
  const [first] = await wantIn('flood', numbered('again', 3));
  await it.sql('delete from outbox');
  expect(await it.store.wakeAll()).toBeGreaterThanOrEqual(3);
  expect(await it.store.wakeAll()).toBe(0);
  const lanes = await it.sql<{ lane: string }>('select lane from outbox where uid = $1', [first?.resource.uid]);
  expect(lanes).toEqual([{ lane: 'flood/again' }]);
  await wantIn('flood', ['fresh']);
  const fresh = await it.sql<{ uid: string }>("select uid from resource where name = 'fresh'");
  const order: string[] = [];
  await it.store.claimOutbox(4, async (pokes) => void order.push(...pokes.map(({ uid }) => uid)));
  expect(order.slice(0, 4)).toContain(fresh[0]?.uid);
});

test('a row that is due is put into the outbox once, however often the sweep runs', async () => {
  const [due] = await wantIn('small', ['due']);
  const uid = due?.resource.uid ?? '';
  await it.sql('delete from outbox');
  await it.sql("update resource set next_look_at = now() + interval '1 hour'");
  await it.store.lookLater(uid, -1_000, 0);
  expect(await it.store.wakeDue(100)).toBe(1);
  expect(await it.store.wakeDue(100)).toBe(0);
  expect(await it.sql('select uid from outbox')).toEqual([{ uid }]);
});

test('uids that no resource has are told, also what is no uid at all', async () => {
  const [there] = await wantIn('small', ['owned']);
  const uid = there?.resource.uid ?? '';
  const lost = '00000000-0000-4000-8000-000000000001';
  expect(await it.store.uidsWithoutRow([uid, lost, 'handmade'])).toEqual([lost, 'handmade']);
});
