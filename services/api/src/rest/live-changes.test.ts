/** What the answer of an edit says about a machine that is up. */
import type { VmInstance } from '@compute/domain';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApi, PROJECT, type TestApi } from '../fixtures/open-test-api.ts';
import { report } from '../fixtures/worker-reports.ts';

let test: TestApi;
beforeAll(async () => {
  test = await openTestApi();
});
afterAll(() => test.close());

const VMS = '/v1/projects/demo/vm-instances';
const DISKS = '/v1/projects/demo/vm-disks';
const LATER = 'The machine is up: this takes effect when it is started anew.';

async function withMachine(name: string, disks: readonly string[], phase: VmInstance['phase'] = 'Running') {
  for (const disk of disks)
    await test.send('POST', DISKS, { body: { metadata: { name: disk }, spec: { storage: '1Gi' } } });
  const spec = { instanceType: 'u1.medium', instanceProfile: 'ubuntu', disks };
  await test.send('POST', VMS, { body: { metadata: { name }, spec } });
  await report(test.store, 'VMInstance', name, phase, phase === 'Running');
}

const patched = async (name: string, spec: object, query = '') => {
  const { status, headers, body } = await test.send('PATCH', `${VMS}/${name}${query}`, {
    body: { spec },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  return { status, warning: headers.get('warning'), body };
};

it('a change that waits for a restart is accepted and says so, in a rehearsal too', async () => {
  await withMachine('up', ['up-root']);
  const rehearsed = await patched('up', { instanceType: 'u1.large' }, '?dryRun=true');
  expect(rehearsed).toMatchObject({ status: 200, warning: expect.stringContaining(`/spec/instanceType: ${LATER}`) });
  const changed = await patched('up', { instanceType: 'u1.large', externalPorts: [80], external: true });
  expect(changed).toMatchObject({ status: 202, warning: `299 - "/spec/instanceType: ${LATER}"` });
  expect((await patched('up', { instanceType: 'u1.xlarge', running: false })).warning).toBeNull();
});

it('a machine that is off has nothing to wait for', async () => {
  await withMachine('off', ['off-root'], 'Stopped');
  expect((await patched('off', { instanceType: 'u1.large' })).warning).toBeNull();
});

it('a disk at the end comes at once; a CD-ROM, and a disk that was there at boot, wait', async () => {
  await withMachine('plugged', ['boot', 'second']);
  await test.send('POST', DISKS, { body: { metadata: { name: 'third' }, spec: { storage: '1Gi' } } });
  await test.send('POST', DISKS, { body: { metadata: { name: 'iso' }, spec: { storage: '1Gi', optical: true } } });
  expect((await patched('plugged', { disks: ['boot', 'second', 'third'] }, '?dryRun=true')).warning).toBeNull();
  const waits = expect.stringContaining('/spec/disks: The machine is up: what it has at boot changes');
  expect((await patched('plugged', { disks: ['boot', 'second', 'iso'] }, '?dryRun=true')).warning).toEqual(waits);
  expect((await patched('plugged', { disks: ['boot'] })).warning).toEqual(waits);
});

it('a list of manifests says it beside the machine', async () => {
  await withMachine('listed', ['listed-root']);
  const spec = { instanceType: 'u1.large', instanceProfile: 'ubuntu', disks: ['listed-root'] };
  const body = { apiVersion: 'apps.cozystack.io/v1alpha1', kind: 'VMInstance', metadata: { name: 'listed' }, spec };
  const reply = await test.send('POST', '/v1/projects/demo/manifests?dryRun=true', { body });
  expect(reply.body).toMatchObject({
    items: [{ warnings: [{ pointer: '/spec/instanceType', code: 'restart_required', detail: LATER }] }],
  });
});

it('a disk that a running machine has not let go of is not deleted under it', async () => {
  await withMachine('holder', ['root', 'held']);
  await patched('holder', { disks: ['root'] });
  const disk = await test.store.get('VMDisk', PROJECT, 'held');
  if (!disk) throw new Error('there is no disk');
  const { uid, specVersion, statusVersion, status, phase } = disk;
  const seen = { reason: 'Seen', message: 'As seen.', conditions: [], details: { ...status, attachedTo: ['holder'] } };
  const actor = { type: 'system', id: 'worker' } as const;
  await test.store.observe<'VMDisk'>({ actor, uid, loaded: { specVersion, statusVersion }, phase, ...seen });
  const refused = await test.send('DELETE', `${DISKS}/held`);
  expect(refused).toMatchObject({
    status: 409,
    body: { detail: "Disk 'held' is attached to VMInstance 'holder', until that has detached it or is started anew." },
  });
  await report(test.store, 'VMInstance', 'holder', 'Stopped', false);
  expect((await test.send('DELETE', `${DISKS}/held`)).status).toBe(202);
});
