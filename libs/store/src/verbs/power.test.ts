import type { Fault, PowerRequest, VmInstance, VmPower } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WantCommand } from '../commands.ts';
import { newVm, openTestStore, PROJECT, seenVm, type TestStore, USER, vmSpec } from '../fixtures/open-test-store.ts';

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

function ask(name: string, power: PowerRequest, more: Partial<WantCommand<'VMInstance'>> = {}) {
  const target = { kind: 'VMInstance' as const, project: PROJECT, name };
  return it.store.want<'VMInstance'>({ actor: USER, requestId: 'request-2', target, power, ...more });
}

const OFF = { spec: vmSpec({ running: false }) };
const ON = { spec: vmSpec({ running: true }) };

async function running(name: string): Promise<VmInstance> {
  const { resource } = await it.store.create(newVm(name));
  return (await it.store.observe(seenVm(resource, 'Running'))).resource;
}

/** A worker's report of the row as it stands now. */
async function see(name: string, phase: VmInstance['phase'], power?: VmPower) {
  const vm = await it.store.get('VMInstance', PROJECT, name);
  if (!vm) throw new Error(`${name} is gone`);
  const report = seenVm(vm, phase);
  const { power: _before, ...details } = report.details;
  return it.store.observe({ ...report, details: power === undefined ? details : { ...details, power } });
}

const isDone = async (id: string | undefined) => {
  const operation = await it.store.operation(id ?? '');
  return operation?.doneAt === undefined ? 'open' : (operation.error?.code ?? 'done');
};

test('a restart leaves a wish beside the spec, a line of history with its actor, an operation and a wake-up', async () => {
  const { uid } = await running('restarted');
  await it.sql('delete from outbox');
  const { resource, operationId } = await ask('restarted', { do: 'restart', graceSeconds: 0 });
  expect(resource).toMatchObject({ generation: 2, intent: { renewed: { asked: 2, graceSeconds: 0 } } });
  expect(resource.spec).not.toHaveProperty('intent');
  expect(await it.store.get('VMInstance', PROJECT, 'restarted')).toEqual(resource);
  expect(await it.store.operation(operationId ?? '')).toMatchObject({ verb: 'restart', generation: 2 });
  const { items } = await it.store.history({ project: PROJECT, uid, limit: 1 });
  expect(items[0]).toMatchObject({ type: 'Power', to: 'Restart', actor: 'user:key-1', generation: 2 });
  expect(await it.sql('select uid from outbox')).toEqual([{ uid }]);
  expect(await it.sql(`select verb from audit where uid = $1 order by at desc limit 1`, [uid])).toEqual([
    { verb: 'restart' },
  ]);
});

test('its operation is open as long as a worker says that something is pending, whatever the phase', async () => {
  await running('waits');
  const { operationId } = await ask('waits', { do: 'pause' });
  await see('waits', 'Running', { pending: true });
  expect(await isDone(operationId)).toBe('open');
  await see('waits', 'Paused');
  expect(await isDone(operationId)).toBe('done');
});

test('an operation fails with the code of the refusal, and an edit of the same machine does not', async () => {
  await running('refused');
  const pause = await ask('refused', { do: 'pause' });
  const target = { kind: 'VMInstance' as const, project: PROJECT, name: 'refused' };
  const spec = vmSpec({ instanceType: 'u1.large' });
  const edit = await it.store.want({ actor: USER, requestId: 'r', target, spec });
  const refused = { asked: 2, code: 'PowerRefused', message: 'The cluster refuses it: no.' };
  await see('refused', 'Running', { refused });
  expect([await isDone(pause.operationId), await isDone(edit.operationId)]).toEqual(['PowerRefused', 'done']);
});

test('asking again for what is asked already writes nothing, except a restart, which joins', async () => {
  await running('repeated');
  await ask('repeated', { do: 'pause' });
  expect(await ask('repeated', { do: 'pause' })).toMatchObject({ outcome: 'unchanged', resource: { generation: 2 } });
  await ask('repeated', { do: 'restart' });
  const joined = await ask('repeated', { do: 'restart', graceSeconds: 5 });
  expect(joined).toMatchObject({ outcome: 'configured', resource: { generation: 4 } });
  expect(joined.resource.intent).toEqual({ renewed: { asked: 3, graceSeconds: 5 } });
});

test('a stop drops pause and restart and can be hurried, not slowed down; a start drops the stop', async () => {
  await running('stopped');
  await ask('stopped', { do: 'restart' });
  await ask('stopped', { do: 'pause' });
  expect((await ask('stopped', { do: 'stop' }, OFF)).resource.intent).toBeUndefined();
  const hurried = await ask('stopped', { do: 'stop', graceSeconds: 0 }, OFF);
  expect(hurried.resource.intent).toEqual({ stopped: { asked: 5, graceSeconds: 0 } });
  expect(await ask('stopped', { do: 'stop' }, OFF)).toMatchObject({ outcome: 'unchanged' });
  await see('stopped', 'Stopped');
  expect((await ask('stopped', { do: 'start' }, ON)).resource.intent).toBeUndefined();
});

test('an edit of the power field does what a start or stop does to the wishes', async () => {
  await running('edited');
  await ask('edited', { do: 'pause' });
  const target = { kind: 'VMInstance' as const, project: PROJECT, name: 'edited' };
  const outcome = await it.store.want({ actor: USER, requestId: 'r', target, ...OFF });
  expect(outcome.resource).toMatchObject({ generation: 3, intent: undefined });
  expect(await it.store.get('VMInstance', PROJECT, 'edited')).not.toHaveProperty('intent');
});

test('what a later request overtakes has failed, and what it joins has not', async () => {
  await running('overtaken');
  const pause = await ask('overtaken', { do: 'pause' });
  const restart = await ask('overtaken', { do: 'restart' });
  const again = await ask('overtaken', { do: 'restart' });
  expect([await isDone(pause.operationId), await isDone(restart.operationId)]).toEqual(['Overtaken', 'open']);
  const target = { kind: 'VMInstance' as const, project: PROJECT, name: 'overtaken' };
  await it.store.want({ actor: USER, requestId: 'r', target, ...OFF });
  expect([await isDone(restart.operationId), await isDone(again.operationId)]).toEqual(['Overtaken', 'Overtaken']);
  const stop = await ask('overtaken', { do: 'stop', graceSeconds: 0 }, OFF);
  const hurried = await ask('overtaken', { do: 'stop', graceSeconds: 0 }, OFF);
  expect([hurried.outcome, await isDone(stop.operationId)]).toEqual(['unchanged', 'open']);
});

test('what makes no sense is refused with one code, and nothing is written', async () => {
  const { resource } = await it.store.create(newVm('off', { running: false }));
  await it.store.observe(seenVm(resource, 'Stopped'));
  expect(await codeOf(ask('off', { do: 'restart' }))).toBe('WrongPowerState');
  expect(await codeOf(ask('off', { do: 'pause' }))).toBe('WrongPowerState');
  expect(await ask('off', { do: 'unpause' })).toMatchObject({ outcome: 'unchanged' });
  await it.store.create(newVm('young'));
  expect(await codeOf(ask('young', { do: 'pause' }))).toBe('WrongPowerState');
  expect((await it.store.history({ project: PROJECT, uid: resource.uid, limit: 9 })).items).not.toContainEqual(
    expect.objectContaining({ type: 'Power' }),
  );
});

test('an action that comes again with its idempotency key is done once', async () => {
  await running('once');
  const idempotency = { key: 'restart-1', requestHash: Buffer.alloc(32, 1) };
  const first = await ask('once', { do: 'restart' }, { idempotency });
  const again = await ask('once', { do: 'restart' }, { idempotency });
  expect(again).toMatchObject({ replayed: true, operationId: first.operationId, resource: { generation: 2 } });
});
