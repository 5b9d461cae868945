import { afterEach, describe, expect, it } from 'vitest';
import { KubeClient, type KubeClientOptions } from './kube-client.ts';
import { isAlreadyExists, isConflict, isGone, isNotFound, KubeError } from './kube-error.ts';
import type { KubeObject } from './kube-object.ts';
import { resourceKind } from './resource-kind.ts';
import { type Answer, ScriptedServer, sendJson, sendStatus } from './scripted-server.ts';

interface Disk extends KubeObject {
  spec: { sizeGib: number };
}

const disks = resourceKind<Disk>({ group: 'test.dev', version: 'v1', kind: 'Disk', plural: 'disks', namespaced: true });
const services = resourceKind({ group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true });
const disk = (name: string): Disk => ({
  apiVersion: 'test.dev/v1',
  kind: 'Disk',
  metadata: { name, namespace: 'n' },
  spec: { sizeGib: 1 },
});

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function connect(answer: Answer, options: KubeClientOptions = {}, path = '') {
  const server = await ScriptedServer.start(answer);
  const client = KubeClient.fromKubeconfigText(server.kubeconfig('secret-token', path), options);
  cleanups.push(
    () => client.close(),
    () => server.close(),
  );
  return { server, client };
}

const failure = (promise: Promise<unknown>): Promise<KubeError> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: KubeError) => error,
  );

describe('calls', () => {
  it('reads an object over http with the token of the kubeconfig, below the path prefix of the server', async () => {
    const { server, client } = await connect(
      (_request, response) => sendJson(response, 200, disk('a')),
      {},
      '/clusters/one',
    );
    expect(await client.get(disks, { namespace: 'n', name: 'a' })).toEqual(disk('a'));
    expect(server.requests[0]?.path).toBe('/clusters/one/apis/test.dev/v1/namespaces/n/disks/a');
    expect(server.requests[0]?.headers.authorization).toBe('Bearer secret-token');
  });

  it('keeps its connections alive over many calls', async () => {
    const { server, client } = await connect((_request, response) => sendJson(response, 200, disk('a')));
    for (let i = 0; i < 20; i += 1) await client.get(disks, { namespace: 'n', name: 'a' });
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it('reads undefined for an object that is not there, and fails when the kind itself is unknown', async () => {
    const { server, client } = await connect((_request, response) => sendStatus(response, 404, 'NotFound'));
    expect(await client.get(disks, { namespace: 'n', name: 'a' })).toBeUndefined();
    server.answerWith((_request, response) => response.writeHead(404).end('404 page not found\n'));
    const error = await failure(client.get(disks, { namespace: 'n', name: 'a' }));
    expect(error.status).toBe(404);
    expect(isNotFound(error)).toBe(false);
  });

  it('pages through a list and gives every item its kind', async () => {
    const { server, client } = await connect((request, response) => {
      const first = request.query.get('continue') === null;
      const item = { metadata: { name: first ? 'a' : 'b', namespace: 'n' }, spec: { sizeGib: 1 } };
      sendJson(response, 200, {
        metadata: { resourceVersion: '7', ...(first ? { continue: 'more' } : {}) },
        items: [item],
      });
    });
    const list = await client.list(disks, { namespace: 'n', labelSelector: 'a=b', limit: 1 });
    expect(list).toEqual({ items: [disk('a'), disk('b')], resourceVersion: '7' });
    expect(server.requests.map((request) => request.query.toString())).toEqual([
      'labelSelector=a%3Db&limit=1',
      'labelSelector=a%3Db&limit=1&continue=more',
    ]);
  });

  it('sends each write with its own method, path, content type and body', async () => {
    const { server, client } = await connect((_request, response) => sendJson(response, 200, disk('a')));
    const ref = { namespace: 'n', name: 'a' };
    await client.create(disks, disk('a'), { fieldManager: 'me' });
    await client.replace(disks, disk('a'), { subresource: 'status' });
    await client.mergePatch(disks, ref, { spec: { sizeGib: null } });
    await client.jsonPatch(disks, ref, [{ op: 'test', path: '/spec/sizeGib', value: 1 }]);
    await client.subresource(
      'PUT',
      { group: 's.dev', version: 'v1', plural: 'vms', ...ref, subresource: 'restart' },
      {},
    );
    expect(
      server.requests.map((r) => `${r.method} ${r.path}?${r.query} ${r.headers['content-type']} ${r.body}`),
    ).toEqual([
      `POST /apis/test.dev/v1/namespaces/n/disks?fieldManager=me application/json ${JSON.stringify(disk('a'))}`,
      `PUT /apis/test.dev/v1/namespaces/n/disks/a/status? application/json ${JSON.stringify(disk('a'))}`,
      'PATCH /apis/test.dev/v1/namespaces/n/disks/a? application/merge-patch+json {"spec":{"sizeGib":null}}',
      'PATCH /apis/test.dev/v1/namespaces/n/disks/a? application/json-patch+json [{"op":"test","path":"/spec/sizeGib","value":1}]',
      'PUT /apis/s.dev/v1/namespaces/n/vms/a/restart? application/json {}',
    ]);
  });

  it('applies a custom object in one request, exactly as it was given', async () => {
    const { server, client } = await connect((_request, response) => sendJson(response, 200, disk('a')));
    const object = { ...disk('a'), spec: { sizeGib: 1, odd: { 'a/b': [1, null, { c: '' }], on: true } } };
    expect(await client.apply(disks, object, { fieldManager: 'me', force: true })).toEqual(disk('a'));
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests;
    expect(`${request?.method} ${request?.path}?${request?.query}`).toBe(
      'PATCH /apis/test.dev/v1/namespaces/n/disks/a?fieldManager=me&force=true',
    );
    expect(request?.headers['content-type']).toBe('application/apply-patch+yaml');
    expect(JSON.parse(request?.body ?? '')).toEqual(object);
  });

  it('applies a core object without losing fields and returns times as text', async () => {
    const created = { creationTimestamp: '2026-01-01T00:00:00Z' };
    const { server, client } = await connect((request, response) => {
      const sent = JSON.parse(request.body) as KubeObject;
      sendJson(response, 200, { ...sent, metadata: { ...sent.metadata, ...created } });
    });
    const object = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'n', labels: { a: 'b' }, annotations: { 'x.dev/y': '' } },
      spec: {
        type: 'LoadBalancer',
        selector: { a: 'b' },
        ports: [{ name: 'ssh', port: 22, targetPort: 22, protocol: 'TCP' }],
      },
    };
    const applied = await client.apply(services, object, { fieldManager: 'me' });
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual(object);
    expect(server.requests[0]?.path).toBe('/api/v1/namespaces/n/services/s');
    expect(applied.metadata.creationTimestamp).toBe('2026-01-01T00:00:00Z');
  });

  it('refuses to apply a namespaced object that names no namespace', async () => {
    const { client } = await connect((_request, response) => sendJson(response, 200, {}));
    await expect(client.apply(disks, { ...disk('a'), metadata: { name: 'a' } }, { fieldManager: 'm' })).rejects.toThrow(
      'Disk a: a namespace is needed',
    );
  });

  it('deletes with preconditions and says absent when the object is gone or another one bears its name', async () => {
    const { server, client } = await connect((_request, response) => sendStatus(response, 200, ''));
    const ref = { namespace: 'n', name: 'a' };
    expect(await client.delete(disks, ref, { uid: 'u1', propagationPolicy: 'Foreground' })).toBe('deleted');
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
      preconditions: { uid: 'u1' },
      propagationPolicy: 'Foreground',
    });
    server.answerWith((_request, response) => sendStatus(response, 404, 'NotFound'));
    expect(await client.delete(disks, ref)).toBe('absent');
    server.answerWith((_request, response) => sendStatus(response, 409, 'Conflict'));
    expect(await client.delete(disks, ref, { uid: 'u1' })).toBe('absent');
    expect(isConflict(await failure(client.delete(disks, ref, { resourceVersion: '1' })))).toBe(true);
  });
});

describe('errors', () => {
  it('carries status, reason, details and the pause the server asked for', async () => {
    const details = { name: 'a', kind: 'disks', retryAfterSeconds: 2 };
    const { client } = await connect((_request, response) => sendStatus(response, 429, 'TooManyRequests', { details }));
    const error = await failure(client.list(disks));
    expect(error).toBeInstanceOf(KubeError);
    expect(error).toMatchObject({
      status: 429,
      reason: 'TooManyRequests',
      message: 'TooManyRequests!',
      details,
      retryAfterMs: 2000,
    });
  });

  it('tells already exists, conflict and gone apart', async () => {
    const { server, client } = await connect((_request, response) => sendStatus(response, 409, 'AlreadyExists'));
    expect(isAlreadyExists(await failure(client.create(disks, disk('a'))))).toBe(true);
    server.answerWith((_request, response) => sendStatus(response, 409, 'Conflict'));
    expect(isAlreadyExists(await failure(client.create(disks, disk('a'))))).toBe(false);
    server.answerWith((_request, response) => sendStatus(response, 410, 'Expired'));
    expect(isGone(await failure(client.list(disks)))).toBe(true);
  });

  it('ends a call that takes longer than its timeout', async () => {
    const { client } = await connect(() => undefined);
    const error = await failure(client.list(disks, { timeoutMs: 20 }));
    expect(error).toMatchObject({ status: 0, reason: 'Timeout' });
  });

  it('ends a call with the reason of its signal', async () => {
    const { client } = await connect(() => abort.abort(new Error('changed my mind')));
    const abort = new AbortController();
    await expect(client.list(disks, { signal: abort.signal })).rejects.toThrow('changed my mind');
  });

  it('says unreachable when nobody listens', async () => {
    const { server, client } = await connect(() => undefined);
    await server.close();
    expect(await failure(client.list(disks))).toMatchObject({ status: 0, reason: 'Unreachable' });
  });

  it('sends a read once more when its pooled connection was cut, and a create never', async () => {
    const { server, client } = await connect((_request, response) => {
      if (server.requests.length === 1) response.socket?.destroy();
      else sendJson(response, 200, disk('a'));
    });
    expect(await client.get(disks, { namespace: 'n', name: 'a' })).toEqual(disk('a'));
    expect(server.requests).toHaveLength(2);
    server.requests.length = 0;
    expect(await failure(client.create(disks, disk('a')))).toMatchObject({ reason: 'Unreachable' });
    expect(server.requests).toHaveLength(1);
  });

  it('reads the credentials again after a 401, once', async () => {
    const { server, client } = await connect((_request, response) => sendStatus(response, 401, 'Unauthorized'));
    expect(await failure(client.list(disks))).toMatchObject({ status: 401 });
    expect(server.requests).toHaveLength(2);
  });

  it('reports every call to the observer with its status', async () => {
    const seen: string[] = [];
    const { client } = await connect((_request, response) => sendStatus(response, 404, 'NotFound'), {
      onCall: (call) => seen.push(`${call.method} ${call.status}`),
    });
    await client.get(disks, { namespace: 'n', name: 'a' });
    expect(seen).toEqual(['GET 404']);
  });
});
