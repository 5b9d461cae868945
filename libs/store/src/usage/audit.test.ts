import { builtinCatalogue, chargeVm, claimOfVm } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  deleteFully,
  newDisk,
  newVm,
  openTestStore,
  seenDisk,
  seenVm,
  type TestStore,
  USER,
  vmSpec,
} from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore({ usagePeriod: 'minute' });
});
afterAll(() => it.close());

async function liveAndGrow(name: string): Promise<string> {
  const { resource } = await it.store.create(newVm(name));
  const { resource: running } = await it.store.observe(seenVm(resource, 'Running'));
  const spec = vmSpec({ instanceType: 'u1.xlarge' });
  const instanceType = chargeVm(spec, builtinCatalogue);
  const change = { spec, claim: claimOfVm(spec, instanceType), chargedStatus: { instanceType } };
  const { resource: grown } = await it.store.want({
    actor: USER,
    requestId: 'r',
    target: { uid: running.uid, project: running.project },
    ...change,
  });
  await it.store.observe(seenVm(grown as typeof running, 'Stopped', { details: { instanceType } }));
  return running.uid;
}

test('a ledger that was written by the verbs agrees with history, living and gone', async () => {
  await liveAndGrow('lives');
  await liveAndGrow('goes');
  await deleteFully(it.store, 'VMInstance', 'goes');
  const { resource } = await it.store.create(newDisk('data'));
  await it.store.observe(seenDisk(resource, 'Ready'));
  await it.store.usage.closePeriods();
  const report = await it.store.usage.audit('demo');
  expect(report.findings).toEqual([]);
  expect(report.audited).toBe(3);
});

test('an interval that was lost, and one that was made up, are found by their resource', async () => {
  const uid = await liveAndGrow('tampered');
  const [lost] = await it.sql<{ from_at: Date }>(
    `delete from usage_event where uid = $1 and meter = 'vm.running' returning from_at`,
    [uid],
  );
  const [finding, ...others] = (await it.store.usage.audit('demo')).findings;
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ name: 'tampered', surplus: [] });
  expect(finding?.missing[0]).toMatchObject({ meter: 'vm.running', from: lost?.from_at });
  await it.sql(`update usage_open set opened_at = opened_at - interval '1 millisecond' where uid = $1`, [uid]);
  const [second] = (await it.store.usage.audit('demo')).findings;
  expect(second?.surplus[0]).toMatchObject({ meter: 'vm.allocated' });
});

test('time that was made up before a resource was created is found', async () => {
  const uid = await liveAndGrow('early');
  const [forged] = await it.sql<{ from_at: Date }>(
    `insert into usage_event (id, project, meter, uid, kind, name, dimensions, from_at, to_at, duration_ms, recorded_at)
     select gen_random_uuid(), project, meter, uid, kind, name, dimensions, from_at - interval '1 day',
       from_at - interval '1 day' + interval '1 minute', 60000, now()
     from usage_event where uid = $1 and meter = 'vm.running' limit 1 returning from_at`,
    [uid],
  );
  const finding = (await it.store.usage.audit('demo')).findings.find(({ name }) => name === 'early');
  expect(finding).toMatchObject({ missing: [], surplus: [{ meter: 'vm.running', from: forged?.from_at }] });
  await it.sql(`delete from usage_event where uid = $1 and from_at = $2`, [uid, forged?.from_at]);
});

test('use of a resource that history never knew is found', async () => {
  const uid = '11111111-2222-4333-8444-555555555555';
  await it.sql(
    `insert into usage_event (id, project, meter, uid, kind, name, dimensions, from_at, to_at, duration_ms, recorded_at)
     values (gen_random_uuid(), 'demo', 'vm.running', $1, 'VMInstance', 'phantom', '{}', now() - interval '1 second',
       now() - interval '1 second' + interval '1 hour', 3600000, now())`,
    [uid],
  );
  const finding = (await it.store.usage.audit('demo')).findings.find(({ name }) => name === 'phantom');
  expect(finding).toMatchObject({ uid, missing: [], surplus: [{ meter: 'vm.running' }] });
  await it.sql('delete from usage_event where uid = $1', [uid]);
});

test('where the beginning of history was dropped, the rest is audited', async () => {
  const uid = await liveAndGrow('aged');
  await it.sql('set session_replication_role = replica; ');
  await it.sql(`
    do $$ begin
      set local session_replication_role = replica;
      delete from transition where uid = '${uid}' and seq <= 2;
    end $$`);
  expect((await it.store.usage.audit('demo')).findings.map(({ name }) => name)).not.toContain('aged');
});
