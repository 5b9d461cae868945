/** The semantics of single objects, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  claim,
  configMap,
  paths,
  pod,
  startTestCluster,
  type TestCluster,
  virtualMachine,
  virtualMachineInstance,
} from './testing/test-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

describe('create', () => {
  it('gives identity, version and time, and records who wrote', async () => {
    const { status, body } = await cluster.post(`${paths.machines}?fieldManager=me`, virtualMachine('created'));
    expect(status).toBe(201);
    expect(body.metadata).toMatchObject({
      name: 'created',
      namespace: 'default',
      generation: 1,
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      resourceVersion: expect.stringMatching(/^\d+$/),
      creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      managedFields: [{ manager: 'me', operation: 'Update', apiVersion: 'kubevirt.io/v1', fieldsType: 'FieldsV1' }],
    });
  });

  it('makes a name from generateName', async () => {
    const object = { ...configMap(''), metadata: { generateName: 'made-' } };
    const names = await Promise.all(
      [1, 2].map(async () => (await cluster.post(paths.configMaps, object)).body.metadata.name),
    );
    expect(names[0]).toMatch(/^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(names[0]).not.toBe(names[1]);
  });

  it('drops the status of a kind with a status subresource and keeps that of one without', async () => {
    const machine = await cluster.post(paths.machines, { ...virtualMachine('statusless'), status: { ready: true } });
    expect(machine.body.status).toBeUndefined();
    const instance = { ...virtualMachineInstance('full'), status: { phase: 'Running' } };
    expect((await cluster.post(paths.instances, instance)).body.status).toEqual({ phase: 'Running' });
  });

  it('of a built-in kind needs no type in the body', async () => {
    const { status, body } = await cluster.post(paths.configMaps, { metadata: { name: 'untyped' } });
    expect([status, body.kind, body.apiVersion]).toEqual([201, 'ConfigMap', 'v1']);
  });

  it('accepts YAML', async () => {
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-yaml\ndata:\n  a: b\n';
    const { status } = await cluster.call('POST', paths.configMaps, text, { type: 'application/yaml' });
    expect(status).toBe(201);
  });

  it('with dryRun=All leaves nothing behind', async () => {
    expect((await cluster.post(`${paths.configMaps}?dryRun=All`, configMap('dry'))).status).toBe(201);
    expect((await cluster.get(`${paths.configMaps}/dry`)).status).toBe(404);
  });

  it.each([
    [
      'the same name twice',
      paths.configMaps,
      configMap('twice'),
      409,
      'AlreadyExists',
      'configmaps "twice" already exists',
    ],
    [
      'a name that is no DNS name',
      paths.configMaps,
      configMap('Not_Valid'),
      422,
      'Invalid',
      'a lowercase RFC 1123 subdomain',
    ],
    [
      'no name',
      paths.configMaps,
      { ...configMap(''), metadata: {} },
      422,
      'Invalid',
      'name or generateName is required',
    ],
    [
      'another kind',
      paths.configMaps,
      virtualMachine('x'),
      400,
      'BadRequest',
      'does not match the expected API version (v1)',
    ],
    ['no kind', paths.machines, { metadata: { name: 'x' } }, 400, 'BadRequest', "Object 'Kind' is missing"],
    [
      'another namespace',
      paths.configMaps,
      configMap('x', {}, { namespace: 'other' }),
      400,
      'BadRequest',
      'does not match the namespace',
    ],
    [
      'a namespace that does not exist',
      '/api/v1/namespaces/nowhere/configmaps',
      configMap('x'),
      404,
      'NotFound',
      'namespaces "nowhere" not found',
    ],
    [
      'a resource version',
      paths.configMaps,
      configMap('x', {}, { resourceVersion: '5' }),
      500,
      undefined,
      'should not be set',
    ],
    [
      'a claim without modes',
      paths.claims,
      claim('x', '1Gi', { accessModes: [] }),
      422,
      'Invalid',
      'at least 1 access mode is required',
    ],
    [
      'a service without ports',
      paths.services,
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x' }, spec: {} },
      422,
      'Invalid',
      'spec.ports: Required value',
    ],
  ])('refuses %s', async (title, path, object, status, reason, message) => {
    if (title === 'the same name twice') await cluster.post(path, object);
    const answer = await cluster.post(path, object);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status });
    expect(answer.body.reason).toBe(reason);
    expect(answer.body.message).toContain(message);
  });

  it('states the problem of a field as a cause', async () => {
    const { body } = await cluster.post(paths.claims, claim('no-size', '0'));
    expect(body.details).toMatchObject({
      name: 'no-size',
      kind: 'PersistentVolumeClaim',
      causes: [{ reason: 'FieldValueInvalid', field: 'spec.resources.requests[storage]' }],
    });
  });

  it('refuses malformed bodies with 400 and unknown media types with 415', async () => {
    const unknown = await cluster.call('POST', paths.machines, 'x', { type: 'application/cbor' });
    expect([unknown.status, unknown.body.reason]).toEqual([415, 'UnsupportedMediaType']);
    expect(
      (await cluster.call('POST', paths.machines, 'x', { type: 'application/vnd.kubernetes.protobuf' })).status,
    ).toBe(400);
    expect((await cluster.call('POST', paths.machines, '{')).status).toBe(400);
  });
});

describe('update', () => {
  it('raises the generation for spec changes only and the version for every change', async () => {
    const created = await cluster.post(paths.machines, virtualMachine('generations'));
    const path = `${paths.machines}/generations`;
    const labelled = await cluster.mergePatch(path, { metadata: { labels: { a: 'b' } } });
    const changed = await cluster.mergePatch(path, { spec: { runStrategy: 'Halted' } });
    const status = await cluster.mergePatch(`${path}/status`, { status: { printableStatus: 'Stopped' } });
    const all = [created, labelled, changed, status];
    expect(all.map(({ body }) => body.metadata.generation)).toEqual([1, 1, 2, 2]);
    expect(new Set(all.map(({ body }) => body.metadata.resourceVersion)).size).toBe(4);
  });

  it('that changes nothing writes nothing', async () => {
    const created = await cluster.post(paths.configMaps, configMap('same', { a: 'b' }));
    const patched = await cluster.mergePatch(`${paths.configMaps}/same`, { data: { a: 'b' } });
    const replaced = await cluster.put(`${paths.configMaps}/same`, created.body);
    expect(patched.body.metadata.resourceVersion).toBe(created.body.metadata.resourceVersion);
    expect(replaced.body.metadata.resourceVersion).toBe(created.body.metadata.resourceVersion);
  });

  it('keeps status and spec apart', async () => {
    await cluster.post(paths.machines, virtualMachine('apart'));
    const path = `${paths.machines}/apart`;
    await cluster.mergePatch(`${path}/status`, {
      status: { ready: true },
      spec: { runStrategy: 'Manual' },
      metadata: { labels: { x: 'y' } },
    });
    await cluster.mergePatch(path, { status: { ready: false } });
    const { body } = await cluster.get(path);
    expect(body).toMatchObject({ spec: { runStrategy: 'Always' }, status: { ready: true } });
    expect(body.metadata.labels).toBeUndefined();
  });

  it('has no status endpoint for kinds without a status subresource', async () => {
    await cluster.post(paths.instances, virtualMachineInstance('bare'));
    expect((await cluster.mergePatch(`${paths.instances}/bare/status`, { status: {} })).status).toBe(404);
    await cluster.mergePatch(`${paths.instances}/bare`, { status: { phase: 'Running' } });
    expect((await cluster.get(`${paths.instances}/bare`)).body).toMatchObject({
      status: { phase: 'Running' },
      metadata: { generation: 2 },
    });
  });

  it('of an old version is a conflict', async () => {
    const { body } = await cluster.post(paths.machines, virtualMachine('conflicts'));
    const path = `${paths.machines}/conflicts`;
    await cluster.mergePatch(path, { metadata: { labels: { a: '1' } } });
    const late = await cluster.put(path, { ...body, spec: { ...(body.spec as object), runStrategy: 'Halted' } });
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on virtualmachines.kubevirt.io "conflicts": the object has been modified; please apply your changes to the latest version and try again',
      details: { name: 'conflicts', group: 'kubevirt.io', kind: 'virtualmachines' },
    });
  });

  it('of a custom resource needs a version, of a built-in one does not', async () => {
    await cluster.post(paths.machines, virtualMachine('versioned'));
    await cluster.post(paths.configMaps, configMap('versioned'));
    const machine = await cluster.put(`${paths.machines}/versioned`, virtualMachine('versioned'));
    expect([machine.status, machine.body.message]).toEqual([
      422,
      expect.stringContaining('must be specified for an update'),
    ]);
    expect((await cluster.put(`${paths.configMaps}/versioned`, configMap('versioned', { a: 'b' }))).status).toBe(200);
  });

  it('with another uid is a conflict', async () => {
    await cluster.post(paths.configMaps, configMap('uids'));
    const other = configMap('uids', {}, { uid: 'something-else' });
    expect((await cluster.put(`${paths.configMaps}/uids`, other)).status).toBe(409);
  });

  it('of what does not exist is 404', async () => {
    expect((await cluster.put(`${paths.configMaps}/missing`, configMap('missing'))).status).toBe(404);
    expect((await cluster.mergePatch(`${paths.configMaps}/missing`, {})).status).toBe(404);
  });

  it('of immutable fields is refused', async () => {
    await cluster.post(paths.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'typed' },
      stringData: { a: 'b' },
    });
    const answer = await cluster.mergePatch(`${paths.secrets}/typed`, { type: 'other' });
    expect([answer.status, answer.body.message]).toEqual([
      422,
      'Secret "typed" is invalid: type: Invalid value: "other": field is immutable',
    ]);
  });

  it('by strategic merge works for built-in kinds and is 415 for custom ones', async () => {
    await cluster.post(paths.pods, pod('strategic'));
    const type = 'application/strategic-merge-patch+json';
    const patch = { spec: { containers: [{ name: 'main', image: 'registry.example/image:2' }] } };
    const patched = await cluster.call('PATCH', `${paths.pods}/strategic`, patch, { type });
    expect(patched.body).toMatchObject({ spec: { containers: [{ name: 'main', image: 'registry.example/image:2' }] } });
    await cluster.post(paths.machines, virtualMachine('strategic'));
    expect((await cluster.call('PATCH', `${paths.machines}/strategic`, {}, { type })).status).toBe(415);
  });

  it('by JSON patch tests and replaces', async () => {
    await cluster.post(paths.configMaps, configMap('operations', { a: '1' }));
    const type = 'application/json-patch+json';
    const patch = (value: string) => [
      { op: 'test', path: '/data/a', value },
      { op: 'replace', path: '/data/a', value: '2' },
    ];
    expect((await cluster.call('PATCH', `${paths.configMaps}/operations`, patch('1'), { type })).body.data).toEqual({
      a: '2',
    });
    expect((await cluster.call('PATCH', `${paths.configMaps}/operations`, patch('1'), { type })).status).toBe(422);
  });
});

describe('server-side apply over HTTP', () => {
  it('creates, leaves alone, changes and conflicts', async () => {
    const path = `${paths.machines}/applied`;
    const created = await cluster.apply(path, virtualMachine('applied'), 'one');
    const again = await cluster.apply(path, virtualMachine('applied'), 'one');
    expect([created.status, again.status]).toEqual([201, 200]);
    expect(again.body.metadata.resourceVersion).toBe(created.body.metadata.resourceVersion);
    const other = await cluster.apply(path, virtualMachine('applied', { runStrategy: 'Halted' }), 'two');
    expect([other.status, other.body.reason]).toEqual([409, 'Conflict']);
    expect(other.body.details).toMatchObject({
      causes: [{ reason: 'FieldManagerConflict', field: '.spec.runStrategy', message: 'conflict with "one"' }],
    });
    const forced = await cluster.apply(
      path,
      virtualMachine('applied', { runStrategy: 'Halted' }),
      'two',
      '&force=true',
    );
    expect(forced.body).toMatchObject({ spec: { runStrategy: 'Halted' }, metadata: { generation: 2 } });
  });

  it('of the status owns the status only', async () => {
    const path = `${paths.machines}/applied-status`;
    await cluster.apply(path, virtualMachine('applied-status'), 'one');
    const configuration = { ...virtualMachine('applied-status', { runStrategy: 'Manual' }), status: { ready: true } };
    const { body } = await cluster.apply(`${path}/status`, configuration, 'controller');
    expect(body).toMatchObject({ spec: { runStrategy: 'Always' }, status: { ready: true } });
    expect(body.metadata.managedFields).toContainEqual(
      expect.objectContaining({
        manager: 'controller',
        subresource: 'status',
        fieldsV1: { 'f:status': { 'f:ready': {} } },
      }),
    );
  });

  it('needs a field manager and refuses managedFields', async () => {
    const type = 'application/apply-patch+yaml';
    const unnamed = await cluster.call('PATCH', `${paths.machines}/unnamed`, virtualMachine('unnamed'), { type });
    expect([unnamed.status, unnamed.body.message]).toEqual([
      422,
      expect.stringContaining('fieldManager: Required value'),
    ]);
    const owned = virtualMachine('owned', {}, { managedFields: [{ manager: 'x' }] });
    expect((await cluster.apply(`${paths.machines}/owned`, owned, 'one')).status).toBe(400);
  });

  it('merges the ports of a service by port and protocol', async () => {
    const service = (ports: unknown[]) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'ports' },
      spec: { ports },
    });
    const path = `${paths.services}/ports`;
    await cluster.apply(path, service([{ name: 'a', port: 80 }]), 'one');
    const { body } = await cluster.apply(path, service([{ name: 'b', port: 443 }]), 'two');
    expect(body.spec).toMatchObject({
      ports: [
        { name: 'a', port: 80, protocol: 'TCP' },
        { name: 'b', port: 443 },
      ],
    });
  });

  it('racing applies of a new object all succeed', async () => {
    const path = `${paths.configMaps}/raced`;
    const applies = Array.from({ length: 8 }, (_, at) =>
      cluster.apply(path, configMap('raced', { [`k${at}`]: '1' }), `m${at}`),
    );
    const statuses = (await Promise.all(applies)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(Object.keys((await cluster.get(path)).body.data as object)).toHaveLength(8);
  });
});

describe('paths', () => {
  it.each([
    ['GET', '/apis/nothing.example/v1/things', 404],
    ['GET', '/api/v1/namespaces/default/unknown', 404],
    ['GET', '/nowhere', 404],
    ['POST', '/api/v1/configmaps', 405],
    ['PUT', paths.configMaps, 405],
    ['DELETE', '/api/v1/namespaces', 405],
    ['GET', '/api/v1/namespaces/default/nodes', 404],
    ['GET', `${paths.configMaps}/nothing/status`, 404],
  ])('%s %s is %d', async (method, path, status) => {
    const answer = await cluster.call(method, path, method === 'GET' ? undefined : configMap('x'));
    expect([answer.status, answer.body.kind]).toEqual([status, 'Status']);
  });

  it.each(['/healthz', '/readyz', '/livez'])('%s is ok', async (path) => {
    expect((await cluster.get(path)).text).toBe('ok');
  });

  it('a reviewed access is allowed', async () => {
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb: 'get' } },
    };
    const { body } = await cluster.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review);
    expect(body.status).toEqual({ allowed: true });
  });
});
