/** What storage that is not this package's may decide itself: values, versions, selection, warnings, who asks. */
import { describe, expect, it } from 'vitest';
import { KubeApi } from './http/kube-api.ts';
import type { ListPage, ResourceBackend, WatchQuery } from './protocol/backend.ts';
import type { KindDefinition } from './protocol/kind.ts';
import { KindRegistry } from './protocol/kind.ts';
import { type KubeObject, ObjectVersion } from './protocol/kube-object.ts';
import type { RequestUser } from './protocol/route.ts';
import { fields, integer } from './protocol/schema.ts';
import { methodNotAllowed, unauthorized } from './protocol/status-error.ts';
import { listenKubeApi } from './start-kube-server.ts';

const kind: KindDefinition = {
  group: 'things.example',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  namespaced: true,
  statusSubresource: true,
  judgedByBackend: true,
  schema: fields({ spec: fields({ size: integer() }, ['size']), status: fields({}) }),
};

const stored: KubeObject = {
  apiVersion: 'things.example/v1',
  kind: 'Thing',
  metadata: { name: 'a', namespace: 'x', uid: 'u', resourceVersion: '9' },
  spec: { size: 1 },
};

/** One object whose status was written last at 9, and what clients write at 7. */
function storageFor(user: RequestUser, watched: WatchQuery[]): ResourceBackend {
  const version = new ObjectVersion({ ...stored, owner: user.name }, undefined, '7');
  return {
    get: async () => version,
    list: async (): Promise<ListPage> => ({ items: [version], resourceVersion: '9' }),
    create: async (object, { warn }) => {
      warn?.('taken as it is');
      return new ObjectVersion(object);
    },
    update: async (_key, change) => new ObjectVersion(change(version)),
    delete: () => Promise.reject(methodNotAllowed()),
    watch: async (query, sink) => {
      watched.push(query);
      sink.event({ type: 'DELETED', version, previous: undefined, selected: true });
      sink.end();
      return { resourceVersion: () => '9', close: () => undefined };
    },
  };
}

async function serve() {
  const watched: WatchQuery[] = [];
  const api = new KubeApi({
    kinds: new KindRegistry([kind]),
    routes: [],
    backends: { backendOf: (_kind, user) => storageFor(user, watched) },
    tokens: {
      authenticate: async ({ headers }) => {
        if (headers.authorization !== 'Bearer known') throw unauthorized();
        return { name: 'somebody', groups: [] };
      },
    },
    interceptor: undefined,
    bookmarkIntervalMs: 60_000,
    ready: () => true,
  });
  const listener = await listenKubeApi(api, {});
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${listener.port}/apis/things.example/v1/namespaces/x/things${path}`, {
      ...init,
      headers: { authorization: 'Bearer known', 'content-type': 'application/json', ...init.headers },
    });
  return { call, watched, [Symbol.asyncDispose]: () => listener.close() };
}

const put = (resourceVersion: string) => ({
  method: 'PUT',
  body: JSON.stringify({ ...stored, metadata: { name: 'a', resourceVersion }, spec: { size: 2 } }),
});

describe('storage of somebody else', () => {
  it('is asked for on behalf of the user, who may be found out slowly', async () => {
    await using server = await serve();
    expect(await (await server.call('/a')).json()).toMatchObject({ owner: 'somebody' });
    expect((await server.call('/a', { headers: { authorization: 'Bearer other' } })).status).toBe(401);
  });

  it('says which edits only missed what no client writes', async () => {
    await using server = await serve();
    const codes = await Promise.all(
      ['6', '7', '8', '9', '10', 'x'].map(async (at) => (await server.call('/a', put(at))).status),
    );
    expect(codes).toEqual([409, 200, 200, 200, 409, 409]);
  });

  it('judges values itself and can warn, and with strict validation unknown fields too', async () => {
    await using server = await serve();
    const body = (spec: unknown) => JSON.stringify({ ...stored, metadata: { name: 'b' }, spec });
    const odd = await server.call('', { method: 'POST', body: body({ size: 'large' }) });
    expect([odd.status, odd.headers.get('warning')]).toEqual([201, '299 - "taken as it is"']);
    const unknown = { method: 'POST', body: body({ sise: 1 }) };
    expect(await (await server.call('?fieldValidation=Strict', unknown)).json()).toMatchObject({ spec: { sise: 1 } });
    const warned = await server.call('?fieldValidation=Warn', unknown);
    expect(warned.headers.get('warning')).toContain('unknown field');
    expect(((await warned.json()) as { spec: object }).spec).not.toHaveProperty('sise');
  });

  it('may select for a watch itself', async () => {
    await using server = await serve();
    const events = await (await server.call('?watch=1&labelSelector=tier=web')).text();
    expect(JSON.parse(events)).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'a' } } });
    expect(server.watched[0]?.selection.labels).toEqual([{ key: 'tier', operator: 'in', values: ['web'] }]);
  });
});
