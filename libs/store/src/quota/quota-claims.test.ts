import { builtinCatalogue, chargeVm, claimOfVm, type VmInstance } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  newDisk,
  newVm,
  openTestStore,
  PROJECT,
  seenDisk,
  seenVm,
  type TestStore,
  USER,
  vmSpec,
} from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

const reserved = async () => Object.fromEntries(await it.store.quota.reserved(PROJECT));
const report = async (name: string, phase: VmInstance['phase']) => {
  const vm = await it.store.get('VMInstance', PROJECT, name);
  if (vm) await it.store.observe(seenVm(vm, phase));
};
const resize = (name: string, instanceType: string) => {
  const spec = vmSpec({ instanceType });
  const size = chargeVm(spec, builtinCatalogue);
  return it.store.want({
    ...{ actor: USER, requestId: 'r', target: { kind: 'VMInstance', project: PROJECT, name }, spec },
    ...{ claim: claimOfVm(spec, size), chargedStatus: { instanceType: size } },
  });
};

test('what waits is reserved wholly, what is there is not', async () => {
  await it.store.create(newVm('vm', { external: true }));
  const { resource: disk } = await it.store.create(newDisk('disk', { storage: '20Gi' }));
  expect(await reserved()).toEqual({
    ...{ 'series:U/instances': 1, 'series:U/vcpus': 1, 'series:U/memoryMib': 4096, 'external/ips': 1 },
    ...{ 'class:replicated/disks': 1, 'class:replicated/storageMib': 20_480 },
  });
  await report('vm', 'Running');
  await it.store.observe(seenDisk(disk, 'Ready'));
  expect(await reserved()).toEqual({});
});

test('a change of size keeps the room of the greater until it is true, and says which part that is', async () => {
  await resize('vm', 'u1.xlarge');
  expect(await reserved()).toEqual({ 'external/ips': 1 });
  await report('vm', 'Running');
  await resize('vm', 's1.small');
  expect(await reserved()).toEqual({
    ...{ 'series:U/instances': 1, 'series:U/vcpus': 4, 'series:U/memoryMib': 16_384 },
  });
  await report('vm', 'Running');
  expect(await reserved()).toEqual({});
});

test('holders are listed by kind and name, page by page, and their sums are the counters', async () => {
  for (const name of ['b', 'a', 'c']) await it.store.create(newVm(name));
  const first = await it.store.quota.holders({ project: PROJECT, limit: 3 });
  const rest = await it.store.quota.holders({ project: PROJECT, limit: 3, after: first.next ?? '' });
  const all = [...first.items, ...rest.items];
  expect(all.map(({ kind, name }) => `${kind}/${name}`)).toEqual([
    ...['VMDisk/disk', 'VMInstance/a', 'VMInstance/b', 'VMInstance/c', 'VMInstance/vm'],
  ]);
  expect(rest.next).toBeUndefined();
  const sums = new Map<string, number>();
  for (const { scope, metric, held } of all.flatMap(({ claims }) => claims))
    sums.set(`${scope}/${metric}`, (sums.get(`${scope}/${metric}`) ?? 0) + held);
  const counters = await it.store.quota.counters(PROJECT);
  expect(Object.fromEntries(sums)).toEqual(
    Object.fromEntries(counters.filter(({ used }) => used > 0).map((one) => [`${one.scope}/${one.metric}`, one.used])),
  );
});

test('of one scope and metric, only who holds something of it is listed, and only that', async () => {
  const page = await it.store.quota.holders({ project: PROJECT, scope: 'series:U', metric: 'vcpus', limit: 10 });
  expect(page.items.map(({ name, claims }) => [name, claims])).toEqual(
    ['a', 'b', 'c'].map((name) => [name, [{ scope: 'series:U', metric: 'vcpus', held: 1, reserved: 1 }]]),
  );
  await expect(it.store.quota.holders({ project: PROJECT, limit: 1, after: 'no' })).rejects.toThrow('not one of ours');
});
