import { type LifeRecord, reportOf, type VmInstance } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  deleteFully,
  newDisk,
  newVm,
  openTestStore,
  PROJECT,
  seenVm,
  type TestStore,
  USER,
} from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

async function lives(query: { name?: string; kind?: 'VMInstance' } = {}, from = new Date(0)): Promise<LifeRecord[]> {
  const records: LifeRecord[] = [];
  const to = new Date(Date.now() + 1000);
  for await (const some of it.store.lifeRecords({ project: PROJECT, from, to, ...query })) records.push(...some);
  return records;
}

async function seen(name: string, phase: VmInstance['phase']): Promise<void> {
  const vm = await it.store.get('VMInstance', PROJECT, name);
  if (vm) await it.store.observe(seenVm(vm, phase));
}

test('a life has its phases and the requests for power, deleted resources among them', async () => {
  await it.store.create(newDisk('data'));
  await it.store.create(newVm('gone'));
  await deleteFully(it.store, 'VMInstance', 'gone');
  const { resource } = await it.store.create(newVm('one'));
  await seen('one', 'Running');
  const target = { uid: resource.uid, project: PROJECT };
  await it.store.want({ actor: USER, requestId: 'r', target, power: { do: 'restart' } });
  await seen('one', 'Starting');
  await seen('one', 'Running');

  const told = (await lives()).map(({ name, lines }) => [name, lines.map(({ to }) => to)]);
  expect(told).toEqual([
    ['data', ['Pending']],
    ['gone', ['Pending', 'Deleting', 'Deleted']],
    ['one', ['Pending', 'Running', 'Restart', 'Starting', 'Running']],
  ]);
  expect((await lives({ kind: 'VMInstance', name: 'one' })).map(({ uid }) => uid)).toEqual([resource.uid]);
});

test('what came before the last time that a machine ran decides nothing and is not read', async () => {
  const after = new Date(Date.now() + 500);
  const [record] = await lives({ name: 'one' }, after);
  expect(record?.lines.map(({ to }) => to)).toEqual(['Running']);
});

test('a resource whose lines are no longer kept has the phase of its row', async () => {
  await it.sql('alter table transition disable trigger user');
  await it.sql('delete from transition');
  const [record] = await lives({ name: 'one' });
  expect(record?.lines).toMatchObject([{ type: 'Phase', to: 'Running' }]);
  const [from, to] = [new Date(Date.now() + 1000), new Date(Date.now() + 2000)];
  expect(record && reportOf(record, { from, to }).machine?.upMs).toBe(1000);
});
