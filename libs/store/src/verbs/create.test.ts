import { Fault, type FaultCode } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newDisk, newVm, openTestStore, PROJECT, SECRETS_KEY, type TestStore } from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore({ quotaDefaults: { 'series:M/instances': 10, 'class:local/disks': 62 } });
});
afterAll(() => it.close());

const faultOf = (promise: Promise<unknown>): Promise<Fault> =>
  promise.then(
    () => expect.unreachable('it was accepted'),
    (error: Fault) => error,
  );
const codeOf = async (promise: Promise<unknown>): Promise<FaultCode> => (await faultOf(promise)).code;

test('a created resource reads back as it was written, and everything that goes with it is there', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const command = newVm(
    'whole',
    { cloudInit: '#cloud-config', disks: ['d1'] },
    { labels: { tier: 'web' }, traceparent },
  );
  const { resource, operationId, replayed } = await it.store.create(command);
  expect(replayed).toBe(false);
  expect(await it.store.get('VMInstance', PROJECT, 'whole')).toEqual(resource);
  expect(resource).toMatchObject({ spec: command.spec, labels: { tier: 'web' }, phase: 'Pending', generation: 1 });
  const { items } = await it.store.history({ project: PROJECT, uid: resource.uid, limit: 10 });
  expect(items).toMatchObject([
    { type: 'Phase', to: 'Pending', actor: 'user:key-1', traceId: '0af7651916cd43dd8448eb211c80319c' },
  ]);
  expect(await it.store.operation(operationId)).toMatchObject({ verb: 'create', uid: resource.uid, generation: 1 });
  const rows = await it.sql<{ table: string; count: string }>(
    `select 'outbox' as table, count(*) from outbox where uid = $1 and trace_parent = $2
     union all select 'audit', count(*) from audit where uid = $1 and verb = 'create'
     union all select 'change', count(*) from change where uid = $1 and op = 'ADDED' and seq = $3
     union all select 'attachment', count(*) from disk_attachment where vm_uid = $1 and disk_name = 'd1'`,
    [resource.uid, traceparent, resource.resourceVersion],
  );
  expect(rows.map(({ table, count }) => `${table} ${count}`)).toEqual([
    'outbox 1',
    'audit 1',
    'change 1',
    'attachment 1',
  ]);
});

test('a taken name is refused, in another kind or project it is free', async () => {
  await it.store.createProject('neighbour');
  await it.store.create(newVm('taken'));
  expect(await codeOf(it.store.create(newVm('taken')))).toBe('AlreadyExists');
  await it.store.create(newDisk('taken'));
  await it.store.create(newVm('taken', {}, { project: 'neighbour' }));
});

test('a project that does not exist is not found', async () => {
  expect(await codeOf(it.store.create(newVm('x', {}, { project: 'nowhere' })))).toBe('NotFound');
});

test('200 concurrent creates from two processes against a limit of 10 grant exactly 10 and leave no debris', async () => {
  const other = await it.another();
  const stores = [it.store, other];
  const attempts = Array.from({ length: 200 }, (_, index) =>
    stores[index % 2]?.create(newVm(`m-${index}`, { instanceType: 'm1.large' })),
  );
  const results = await Promise.allSettled(attempts);
  const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Fault] : []));
  expect(results.length - refusals.length).toBe(10);
  for (const { code, details } of refusals)
    expect({ code, quota: details.quota }).toEqual({
      code: 'QuotaExceeded',
      quota: { metric: 'instances', scope: 'series:M', limit: 10, used: 10, requested: 1, remaining: 0 },
    });
  const names = `project = '${PROJECT}' and name like 'm-%'`;
  const lines = `transition where type = 'Phase' and ${names}`;
  expect(await it.sql(`select count(*)::int from ${lines}`)).toEqual([{ count: 10 }]);
  for (const table of ['resource', 'change', 'operation', 'audit'])
    expect(await it.sql(`select count(*)::int from ${table} where ${names}`)).toEqual([{ count: 10 }]);
  expect(await it.store.quota.recount({ repair: false })).toEqual([]);
});

test('in one batch of 64 a duplicate name and one over quota are refused and all others are accepted', async () => {
  const commands = Array.from({ length: 64 }, (_, index) =>
    newDisk(index === 63 ? 'batch-0' : `batch-${index}`, { storageClass: index === 62 ? 'replicated' : 'local' }),
  );
  commands[62] = newVm('m-over', { instanceType: 'm1.large' }) as never;
  const results = await Promise.allSettled(commands.map((command) => it.store.create(command)));
  const codes = results.map((result) => (result.status === 'fulfilled' ? 'created' : (result.reason as Fault).code));
  expect(codes.slice(0, 62)).toEqual(Array.from({ length: 62 }, () => 'created'));
  expect(codes.slice(62)).toEqual(['QuotaExceeded', 'AlreadyExists']);
  const transactions = await it.sql(
    `select count(distinct xmin::text)::int from resource where name like 'batch-%' and project = '${PROJECT}'`,
  );
  expect(transactions).toEqual([{ count: 1 }]);
});

test('one command that the database cannot store does not spoil the others of its batch', async () => {
  const poison = newVm('poison', {}, { annotations: { note: 'zero \u0000' } });
  const commands = [newVm('before-poison'), poison, newVm('after-poison')];
  const results = await Promise.allSettled(commands.map((command) => it.store.create(command)));
  const codes = results.map((result) => (result.status === 'fulfilled' ? 'created' : (result.reason as Fault).code));
  expect(codes).toEqual(['created', 'InvalidArgument', 'created']);
});

test('a disk that is not optical belongs to one VM; the refusal names it', async () => {
  await it.store.create(newVm('owner', { disks: ['exclusive'] }));
  const fault = await faultOf(it.store.create(newVm('rival', { disks: ['exclusive'] })));
  expect(fault).toMatchObject({ code: 'DiskInUse', details: { resource: { kind: 'VMInstance', name: 'owner' } } });
  expect(fault.message).toContain("'owner'");
});

test('of many VMs that take one disk at the same time exactly one gets it', async () => {
  const other = await it.another();
  const attempts = Array.from({ length: 20 }, (_, index) =>
    (index % 2 ? it.store : other).create(newVm(`grab-${index}`, { disks: ['contested'] })),
  );
  const codes = (await Promise.allSettled(attempts)).map((result) =>
    result.status === 'fulfilled' ? 'created' : (result.reason as Fault).code,
  );
  expect(codes.filter((code) => code === 'created')).toHaveLength(1);
  expect(codes.filter((code) => code === 'DiskInUse')).toHaveLength(19);
});

test('an optical disk may be attached to any number of VMs, also when the first named it before it existed', async () => {
  await it.store.create(newVm('early', { disks: ['cd'] }));
  await it.store.create(newDisk('cd', { optical: true }));
  await it.store.create(newVm('late', { disks: ['cd'] }));
  expect((await it.store.vmsOfDisk(PROJECT, 'cd')).map(({ name }) => name)).toEqual(['early', 'late']);
});

test('a disk that appears wakes the VMs that wait for it, and a VM its disks', async () => {
  const vm = await it.store.create(newVm('waiting', { disks: ['awaited'] }));
  await it.sql('delete from outbox');
  const disk = await it.store.create(newDisk('awaited'));
  const woken = await it.sql<{ uid: string }>('select uid from outbox');
  expect(woken.map(({ uid }) => uid).sort()).toEqual([vm.resource.uid, disk.resource.uid].sort());
});

test('a request that comes again with its key is answered as the first time', async () => {
  const idempotency = { key: 'k-1', requestHash: Buffer.from('hash of the request') };
  const first = await it.store.create(newVm('once', {}, { idempotency }));
  const again = await it.store.create(newVm('once', {}, { idempotency }));
  expect(again).toEqual({ ...first, replayed: true });
  const { store } = it;
  const { resource } = first;
  const target = { kind: 'VMInstance' as const, project: PROJECT, name: 'once' };
  await store.want({ actor: { type: 'user', id: 'x' }, requestId: 'r', target, labels: { changed: 'yes' } });
  expect((await store.create(newVm('once', {}, { idempotency }))).resource).toEqual(resource);
});

test('twenty copies of one request at the same time make one resource', async () => {
  const other = await it.another();
  const idempotency = { key: 'k-20', requestHash: Buffer.from('same') };
  const copies = Array.from({ length: 20 }, (_, index) =>
    (index % 2 ? it.store : other).create(newVm('copied', {}, { idempotency })),
  );
  const outcomes = await Promise.all(copies);
  expect(new Set(outcomes.map(({ resource }) => resource.uid)).size).toBe(1);
  expect(new Set(outcomes.map(({ operationId }) => operationId)).size).toBe(1);
  expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1);
});

test('another request with the same key is refused, and in another project the key is free', async () => {
  const idempotency = { key: 'k-2', requestHash: Buffer.from('one') };
  await it.store.create(newVm('keyed', {}, { idempotency }));
  const different = { key: 'k-2', requestHash: Buffer.from('other') };
  expect(await codeOf(it.store.create(newVm('keyed-2', {}, { idempotency: different })))).toBe('IdempotencyMismatch');
  await it.store.create(newVm('keyed', {}, { idempotency: different, project: 'neighbour' }));
});

test('a refused request does not use up its key', async () => {
  const idempotency = { key: 'k-3', requestHash: Buffer.from('same') };
  await it.store.create(newVm('in-the-way'));
  const command = newVm('in-the-way', {}, { idempotency });
  expect(await codeOf(it.store.create(command))).toBe('AlreadyExists');
  expect((await it.store.create({ ...command, name: 'free-now' })).replayed).toBe(false);
});

test('the clear text of a secret is nowhere in the database', async () => {
  const secret = 'correct-horse-battery-staple';
  const { resource } = await it.store.create(newVm('sealed', { cloudInit: `password: ${secret}` }));
  const target = { uid: resource.uid, project: resource.project };
  const spec = { ...resource.spec, cloudInit: `new: ${secret}` };
  await it.store.want({ actor: { type: 'user', id: 'x' }, requestId: 'r', target, spec });
  const tables = await it.sql<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'partitions')`,
  );
  expect(tables.length).toBeGreaterThan(15);
  const encodings = [secret, Buffer.from(secret).toString('base64').slice(0, -4), Buffer.from(secret).toString('hex')];
  for (const { name } of tables)
    for (const text of encodings)
      expect(await it.sql(`select 1 from ${name} t where t::text like '%' || $1 || '%'`, [text]), name).toEqual([]);
  const read = await it.store.get('VMInstance', PROJECT, 'sealed');
  expect(read?.spec.cloudInit).toBe(`new: ${secret}`);
});

test('a store with another key reads everything but the secrets', async () => {
  const stranger = await it.another({ secretsKey: Buffer.from(SECRETS_KEY).fill(8) });
  await it.store.create(newVm('guarded', { cloudInit: 'x' }));
  await it.store.create(newVm('open'));
  expect((await stranger.get('VMInstance', PROJECT, 'open'))?.name).toBe('open');
  expect(await codeOf(stranger.get('VMInstance', PROJECT, 'guarded'))).toBe('Internal');
});

test('the database itself refuses a phase without its history row', async () => {
  const { resource } = await it.store.create(newVm('honest'));
  const forget = it.sql(`update resource set phase = 'Running' where uid = $1`, [resource.uid]);
  await expect(forget).rejects.toThrow(/without its history row/);
  const rewrite = it.sql(`update transition set reason = 'other' where uid = $1`, [resource.uid]);
  await expect(rewrite).rejects.toThrow(/append-only/);
});

test('the database itself refuses a counter above its limit', async () => {
  const over = it.sql(`update quota set used = 11 where project = $1 and scope = 'series:M' and metric = 'instances'`, [
    PROJECT,
  ]);
  await expect(over).rejects.toThrow(/quota_not_exceeded/);
});
