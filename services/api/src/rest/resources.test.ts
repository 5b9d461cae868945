import { VIEW_SCHEMAS } from '@compute/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../fixtures/open-test-api.ts';

let test: TestApi;
beforeAll(async () => {
  test = await openTestApi();
});
afterAll(() => test.close());

const VMS = '/v1/projects/demo/vm-instances';
const DISKS = '/v1/projects/demo/vm-disks';
const vm = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu', ...spec },
});
const disk = (name: string, spec: object = {}) => ({ metadata: { name }, spec: { storage: '1Gi', ...spec } });

describe('creation', () => {
  it('answers with the resource in its first phase, where it is, and what to wait for', async () => {
    const reply = await test.send('POST', VMS, { body: vm('first', { cloudInit: '#cloud-config\n' }) });
    expect(reply.status).toBe(201);
    expect(reply.headers.get('location')).toBe(`${VMS}/first`);
    expect(reply.headers.get('link')).toMatch(/^<\/v1\/operations\/[0-9a-f-]{36}>; rel="operation"$/);
    expect(reply.headers.get('etag')).toMatch(/^"[0-9a-f-]{36}\.1"$/);
    expect(VIEW_SCHEMAS.VMInstance.parse(reply.body)).toMatchObject({
      kind: 'VMInstance',
      metadata: { name: 'first', namespace: 'demo', generation: 1 },
      spec: { running: true, cloudInit: '#cloud-config\n', externalMethod: 'PortList' },
      status: { phase: 'Pending', instanceType: { series: 'U', vcpu: 1, memoryGib: 4 } },
    });
    const read = await test.send('GET', `${VMS}/first`);
    expect(read.body).toEqual(reply.body);
    expect(read.headers.get('etag')).toBe(reply.headers.get('etag'));
  });

  it('gives the same answer to the same request with the same key, and does it once', async () => {
    const headers = { 'idempotency-key': 'key-1' };
    const first = await test.send('POST', DISKS, { body: disk('once'), headers });
    const second = await test.send('POST', DISKS, { body: disk('once'), headers });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('link')).toBe(first.headers.get('link'));
    expect([first.headers.get('idempotency-replayed'), second.headers.get('idempotency-replayed')]).toEqual([
      null,
      'true',
    ]);
  });

  it('carries the caller’s trace into the history', async () => {
    const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    await test.send('POST', DISKS, { body: disk('traced'), headers });
    const history = await test.send('GET', '/v1/projects/demo/history?name=traced');
    expect(history.body).toMatchObject({ items: [{ to: 'Pending', traceId: '0af7651916cd43dd8448eb211c80319c' }] });
  });

  it('refuses a key that belongs to another request', async () => {
    const headers = { 'idempotency-key': 'key-2' };
    await test.send('POST', DISKS, { body: disk('mine'), headers });
    const reply = await test.send('POST', DISKS, { body: disk('other'), headers });
    expect(reply).toMatchObject({ status: 422, body: { code: 'IdempotencyMismatch' } });
  });

  it('refuses a taken name', async () => {
    await test.send('POST', DISKS, { body: disk('taken') });
    const reply = await test.send('POST', DISKS, { body: disk('taken') });
    expect(reply).toMatchObject({ status: 409, body: { code: 'AlreadyExists', type: '/errors/AlreadyExists' } });
  });

  it('names every error at once in a problem document', async () => {
    const body = vm('UPPER', { externalPorts: [0], instanceType: 'u1.nope', runing: true });
    const reply = await test.send('POST', VMS, { body, headers: { 'x-request-id': 'my-request' } });
    expect(reply.status).toBe(422);
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    expect(reply.headers.get('x-request-id')).toBe('my-request');
    const problem = VIEW_SCHEMAS.Problem.parse(reply.body);
    expect(problem).toMatchObject({ code: 'InvalidArgument', requestId: 'my-request', instance: VMS, status: 422 });
    expect(problem.errors?.map(({ pointer, code }) => `${pointer} ${code}`).sort()).toEqual([
      '/metadata/name invalid_name',
      '/spec/externalPorts/0 out_of_range',
      '/spec/instanceType unknown_instance_type',
      '/spec/runing unknown_field',
    ]);
  });

  it('says on which line of a YAML body an error stands', async () => {
    const body = 'metadata:\n  name: lines\nspec:\n  storage: lots\n';
    const reply = await test.send('POST', DISKS, { body });
    expect(reply.body).toMatchObject({ errors: [{ pointer: '/spec/storage', line: 4 }] });
  });

  it('stores nothing in a dry run', async () => {
    const reply = await test.send('POST', `${VMS}?dryRun=true`, { body: vm('dry') });
    expect(reply).toMatchObject({ status: 200, body: { metadata: { name: 'dry' }, spec: { running: true } } });
    expect((await test.send('GET', `${VMS}/dry`)).status).toBe(404);
  });

  it('accepts a machine whose disk comes later, and says so', async () => {
    const reply = await test.send('POST', VMS, { body: vm('early', { disks: ['not-yet'] }) });
    expect(reply.status).toBe(201);
    expect(reply.headers.get('warning')).toContain("Disk 'not-yet' does not exist yet");
  });

  it('gives one disk to one machine and names who has it', async () => {
    await test.send('POST', DISKS, { body: disk('single') });
    expect((await test.send('POST', VMS, { body: vm('owner', { disks: ['single'] }) })).status).toBe(201);
    const second = await test.send('POST', VMS, { body: vm('thief', { disks: ['single'] }) });
    expect(second).toMatchObject({ status: 409, body: { code: 'DiskInUse' } });
    expect((second.body as { detail: string }).detail).toContain("'owner'");
    const deletion = await test.send('DELETE', `${DISKS}/single`);
    expect(deletion).toMatchObject({ status: 409, body: { code: 'DiskInUse' } });
    expect((deletion.body as { detail: string }).detail).toContain("'owner'");
  });
});

describe('edits', () => {
  it('changes what a merge patch names, and refuses an outdated version', async () => {
    const created = await test.send('POST', VMS, { body: vm('edited', { sshKeys: [] }) });
    const etag = created.headers.get('etag') ?? '';
    const headers = { 'if-match': etag, 'content-type': 'application/merge-patch+json' };
    const patch = { spec: { running: false, disks: ['a'] }, metadata: { labels: { tier: 'web' } } };
    const first = await test.send('PATCH', `${VMS}/edited`, { body: patch, headers });
    expect(first).toMatchObject({
      status: 202,
      body: { spec: { running: false, disks: ['a'] }, metadata: { labels: { tier: 'web' }, generation: 2 } },
    });
    const second = await test.send('PATCH', `${VMS}/edited`, { body: { spec: { running: true } }, headers });
    expect(second).toMatchObject({ status: 412, body: { code: 'PreconditionFailed' } });
  });

  it('gives the same answer to a repeated edit, although the version it demands has passed', async () => {
    const created = await test.send('POST', VMS, { body: vm('repeated') });
    const headers = { 'if-match': created.headers.get('etag') ?? '', 'idempotency-key': 'edit-1' };
    const edit = () => test.send('PATCH', `${VMS}/repeated`, { body: { spec: { running: false } }, headers });
    const [first, second] = [await edit(), await edit()];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
  });

  it('refuses to change what is being deleted', async () => {
    await test.send('POST', DISKS, { body: disk('dying') });
    await test.send('DELETE', `${DISKS}/dying`);
    const reply = await test.send('PATCH', `${DISKS}/dying`, { body: { spec: { storage: '2Gi' } } });
    expect(reply).toMatchObject({ status: 412, body: { code: 'PreconditionFailed' } });
  });

  it('leaves a resource alone that is sent back as it was read', async () => {
    await test.send('POST', VMS, { body: vm('same') });
    const read = await test.send('GET', `${VMS}/same`);
    const reply = await test.send('PUT', `${VMS}/same`, { body: read.body });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual(read.body);
  });

  it('refuses what cannot change, with the reasons', async () => {
    await test.send('POST', DISKS, { body: disk('fixed', { storage: '10Gi' }) });
    const reply = await test.send('PATCH', `${DISKS}/fixed`, {
      body: { spec: { storage: '5Gi', optical: true, storageClass: 'local' } },
    });
    expect(reply).toMatchObject({ status: 422, body: { code: 'ImmutableField' } });
    const errors = (reply.body as { errors: { pointer: string; detail: string }[] }).errors;
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/spec/optical',
      '/spec/storage',
      '/spec/storageClass',
    ]);
    expect((await test.send('PATCH', `${DISKS}/fixed`, { body: { spec: { storage: '20Gi' } } })).status).toBe(202);
  });

  it('starts and stops by the power field that the user wrote', async () => {
    await test.send('POST', VMS, { body: vm('strategic', { runStrategy: 'RerunOnFailure' }) });
    const stopped = await test.send('POST', `${VMS}/strategic:stop`);
    expect(stopped).toMatchObject({ status: 202, body: { spec: { runStrategy: 'Halted' } } });
    expect(stopped.body.spec).not.toHaveProperty('running');
    expect((await test.send('POST', `${VMS}/strategic:stop`)).status).toBe(200);
    expect(await test.send('POST', `${VMS}/strategic:start`)).toMatchObject({
      status: 202,
      body: { spec: { runStrategy: 'Always' } },
    });
    expect(await test.send('POST', `${VMS}/strategic:explode`)).toMatchObject({
      status: 404,
      body: { code: 'NotFound' },
    });
  });

  it('tries a disk again as a new generation', async () => {
    await test.send('POST', DISKS, { body: disk('again') });
    const reply = await test.send('POST', `${DISKS}/again:retry`);
    expect(reply).toMatchObject({ status: 202, body: { metadata: { generation: 2 } } });
  });

  it('lets edits without a precondition run at the same time without losing one', async () => {
    await test.send('POST', DISKS, { body: disk('contended') });
    const names = ['a', 'b', 'c', 'd'];
    const replies = await Promise.all(
      names.map((name) =>
        test.send('PATCH', `${DISKS}/contended`, { body: { metadata: { labels: { [name]: '1' } } } }),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    const read = await test.send('GET', `${DISKS}/contended`);
    expect(read.body).toMatchObject({ metadata: { labels: { a: '1', b: '1', c: '1', d: '1' } } });
  });
});

describe('deletion', () => {
  it('begins, and asking again changes nothing', async () => {
    await test.send('POST', DISKS, { body: disk('gone') });
    const first = await test.send('DELETE', `${DISKS}/gone`);
    expect(first).toMatchObject({ status: 202, body: { status: { phase: 'Deleting' } } });
    const second = await test.send('DELETE', `${DISKS}/gone`);
    expect(second.status).toBe(202);
    expect(second.headers.get('link')).toBe(first.headers.get('link'));
  });
});

describe('lists', () => {
  it('go on where the page before ended, for the same query only', async () => {
    const key = await test.newKey(['write'], (await test.store.createProject('lists')).name);
    const path = '/v1/projects/lists/vm-disks';
    for (const name of ['a', 'b', 'c']) {
      await test.send('POST', path, {
        key,
        body: { ...disk(name), metadata: { name, labels: { odd: String(name !== 'b') } } },
      });
    }
    interface Page {
      items: { metadata: { name: string } }[];
      nextPageToken: string;
    }
    const names = (page: Page) => page.items.map(({ metadata }) => metadata.name);
    const first = (await test.send<Page>('GET', `${path}?pageSize=2`, { key })).body;
    expect(names(first)).toEqual(['a', 'b']);
    const second = (await test.send<Page>('GET', `${path}?pageSize=2&pageToken=${first.nextPageToken}`, { key })).body;
    expect(names(second)).toEqual(['c']);
    expect(second.nextPageToken).toBe('');
    const foreign = await test.send('GET', `${path}?pageSize=2&labelSelector=odd&pageToken=${first.nextPageToken}`, {
      key,
    });
    expect(foreign).toMatchObject({ status: 422, body: { errors: [{ pointer: '/pageToken' }] } });
    const selected = (await test.send<Page>('GET', `${path}?labelSelector=odd%3Dtrue`, { key })).body;
    expect(names(selected)).toEqual(['a', 'c']);
    const filtered = (await test.send<Page>('GET', `${path}?filter=phase%3DReady`, { key })).body;
    expect(names(filtered)).toEqual([]);
    expect((await test.send('GET', `${path}?filter=colour%3Dred`, { key })).status).toBe(422);
    expect((await test.send('GET', `${path}?unknown=1`, { key })).status).toBe(422);
  });
});

it('edits that name no version all happen, however many come at once', async () => {
  await test.send('POST', DISKS, { body: disk('crowded') });
  const many = Array.from({ length: 24 }, (_, index) => `l${index}`);
  const replies = await Promise.all(
    many.map((label) => test.send('PATCH', `${DISKS}/crowded`, { body: { metadata: { labels: { [label]: 'x' } } } })),
  );
  expect(replies.map(({ status }) => status)).toEqual(many.map(() => 202));
  const { body } = await test.send<{ metadata: { labels: object } }>('GET', `${DISKS}/crowded`);
  expect(Object.keys(body.metadata.labels).sort()).toEqual([...many].sort());
});

it('a copy of a disk that is not there yet is accepted with a warning, as a machine with one', async () => {
  const copy = disk('copy', { source: { disk: { name: 'later' } } });
  for (const query of ['?dryRun=true', '']) {
    const reply = await test.send('POST', `${DISKS}${query}`, { body: copy });
    expect(reply.headers.get('warning')).toContain("/spec/source/disk/name: Disk 'later' does not exist yet");
  }
  await test.send('POST', DISKS, { body: disk('sooner') });
  const second = await test.send('POST', DISKS, { body: disk('copy-2', { source: { disk: { name: 'sooner' } } }) });
  expect([second.status, second.headers.get('warning')]).toEqual([201, null]);
});

it('a key that only this program’s language knows is named as one that is not a field', async () => {
  const body = '{"metadata":{"name":"proto"},"spec":{"storage":"1Gi","__proto__":{"a":1}}}';
  const reply = await test.send('POST', DISKS, { body, headers: { 'content-type': 'application/json' } });
  expect(reply.body).toMatchObject({ code: 'UnknownField', detail: expect.stringContaining('__proto__') });
});
