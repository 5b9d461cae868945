/** Lists, pages, tables and watches, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listOf } from './protocol/kube-object.ts';
import { configMap, paths, pod, startTestCluster, type TestCluster, virtualMachine } from './testing/test-cluster.ts';

const tableType = 'application/json;as=Table;g=meta.k8s.io;v=v1';
const metadataType = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster({ historyLimit: 50, bookmarkIntervalMs: 20 });
});
afterAll(() => cluster[Symbol.asyncDispose]());

async function namespaceWith(name: string, ...names: string[]): Promise<string> {
  await cluster.post(paths.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const path = `/api/v1/namespaces/${name}/configmaps`;
  for (const each of names) await cluster.post(path, configMap(each, {}, { labels: { name: each } }));
  return path;
}

const namesOf = (items: unknown): unknown[] =>
  listOf(items).map((item) => (item as { metadata: { name: string } }).metadata.name);

describe('lists', () => {
  it('are in the order of names and carry the version of the state', async () => {
    const path = await namespaceWith('ordered', 'b', 'a-1', 'a', 'c');
    const { body } = await cluster.get(path);
    expect([body.kind, body.apiVersion]).toEqual(['ConfigMapList', 'v1']);
    expect(namesOf(body.items)).toEqual(['a', 'a-1', 'b', 'c']);
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(0);
  });

  it('select by labels and fields', async () => {
    const path = await namespaceWith('selected', 'a', 'b', 'c');
    expect(
      namesOf((await cluster.get(`${path}?labelSelector=${encodeURIComponent('name in (a,c)')}`)).body.items),
    ).toEqual(['a', 'c']);
    expect(namesOf((await cluster.get(`${path}?fieldSelector=metadata.name!%3Da`)).body.items)).toEqual(['b', 'c']);
    expect((await cluster.get(`${path}?fieldSelector=data.x%3Da`)).body.message).toBe(
      'field label not supported: data.x',
    );
  });

  it('come in pages of one state', async () => {
    const path = await namespaceWith('paged', 'a', 'b', 'c', 'd', 'e');
    const first = await cluster.get(`${path}?limit=2`);
    expect([namesOf(first.body.items), first.body.metadata.remainingItemCount]).toEqual([['a', 'b'], 3]);
    await cluster.post(path, configMap('bb'));
    await cluster.remove(`${path}/c`);
    const second = await cluster.get(`${path}?limit=2&continue=${String(first.body.metadata.continue)}`);
    const third = await cluster.get(`${path}?limit=2&continue=${String(second.body.metadata.continue)}`);
    expect([...namesOf(second.body.items), ...namesOf(third.body.items)]).toEqual(['c', 'd', 'e']);
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
    expect(third.body.metadata.continue).toBeUndefined();
  });

  it('whose state is gone answer 410 with a token that goes on', async () => {
    const path = await namespaceWith('expired', 'a', 'b', 'c');
    const first = await cluster.get(`${path}?limit=1`);
    cluster.server.store.expireHistory('configmaps');
    const second = await cluster.get(`${path}?limit=1&continue=${String(first.body.metadata.continue)}`);
    expect([second.status, second.body.reason]).toEqual([410, 'Expired']);
    const third = await cluster.get(`${path}?limit=5&continue=${String(second.body.metadata.continue)}`);
    expect(namesOf(third.body.items)).toEqual(['b', 'c']);
  });

  it.each([
    ['limit=x', 400],
    ['continue=rubbish', 400],
    ['resourceVersion=99999999', 504],
    ['resourceVersion=abc', 400],
    ['resourceVersionMatch=Exact', 422],
  ])('with %s are refused', async (query, status) => {
    expect((await cluster.get(`${paths.configMaps}?${query}`)).status).toBe(status);
  });

  it('show metadata only when asked to', async () => {
    const path = await namespaceWith('partial', 'a');
    const { body, headers } = await cluster.get(path, metadataType);
    expect(body).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'a' } }],
    });
    expect(body.items[0]?.data).toBeUndefined();
    expect(headers['content-type']).toContain('as=PartialObjectMetadataList');
  });

  it('insisting on protobuf is 406, preferring it is JSON', async () => {
    const protobuf = 'application/vnd.kubernetes.protobuf';
    expect((await cluster.get(paths.configMaps, protobuf)).status).toBe(406);
    expect((await cluster.get(paths.configMaps, `${protobuf},application/json`)).headers['content-type']).toBe(
      'application/json',
    );
  });

  it('of great size are compressed when the client can read that', async () => {
    const path = await namespaceWith('large');
    for (const name of ['a', 'b']) await cluster.post(path, configMap(name, { text: 'x'.repeat(100_000) }));
    const answer = await cluster.call('GET', path, undefined, { headers: { 'accept-encoding': 'gzip' } });
    expect([answer.headers['content-encoding'], answer.text.length < 10_000]).toEqual(['gzip', true]);
  });
});

describe('tables', () => {
  interface Table {
    columnDefinitions: { name: string; priority: number }[];
    rows: { cells: unknown[]; object?: { kind: string } }[];
  }
  const columns = (table: unknown): string[] => (table as Table).columnDefinitions.map(({ name }) => name);
  const cells = (table: unknown): unknown[] => (table as Table).rows[0]?.cells ?? [];

  it('have the columns and cells of the kind', async () => {
    await cluster.post(paths.machines, virtualMachine('tabled'));
    const status = { printableStatus: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    await cluster.mergePatch(`${paths.machines}/tabled/status`, { status });
    const { body, headers } = await cluster.get(`${paths.machines}?fieldSelector=metadata.name%3Dtabled`, tableType);
    expect(headers['content-type']).toBe(tableType);
    expect(columns(body)).toEqual(['Name', 'Age', 'Status', 'Ready']);
    expect(cells(body)).toEqual(['tabled', expect.stringMatching(/^\d+s$/), 'Running', 'True']);
  });

  it.each([
    ['None', undefined],
    ['Metadata', 'PartialObjectMetadata'],
    ['Object', 'VirtualMachine'],
  ])('with includeObject=%s carry %s', async (include, kind) => {
    await cluster.post(paths.machines, virtualMachine('included'));
    const { body } = await cluster.get(`${paths.machines}/included?includeObject=${include}`, tableType);
    expect((body as unknown as Table).rows[0]?.object?.kind).toBe(kind);
  });

  it.each([
    [
      { phase: 'Running', containerStatuses: [{ name: 'main', ready: true, restartCount: 0, state: { running: {} } }] },
      ['1/1', 'Running', '0'],
    ],
    [
      { phase: 'Pending', containerStatuses: [{ name: 'main', state: { waiting: { reason: 'ImagePullBackOff' } } }] },
      ['0/1', 'ImagePullBackOff', '0'],
    ],
    [
      {
        phase: 'Running',
        containerStatuses: [
          { name: 'main', ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } },
        ],
      },
      ['0/1', 'CrashLoopBackOff', '3'],
    ],
    [
      { phase: 'Succeeded', containerStatuses: [{ name: 'main', state: { terminated: { reason: 'Completed' } } }] },
      ['0/1', 'Completed', '0'],
    ],
    [
      { phase: 'Failed', containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 3 } } }] },
      ['0/1', 'ExitCode:3', '0'],
    ],
    [{ phase: 'Failed', reason: 'Evicted' }, ['0/1', 'Evicted', '0']],
  ])('of pods sum up the status %j', async (status, expected) => {
    await cluster.post(paths.pods, pod('shown'));
    await cluster.mergePatch(`${paths.pods}/shown/status`, { status });
    const { body } = await cluster.get(`${paths.pods}/shown`, tableType);
    await cluster.remove(`${paths.pods}/shown`, { gracePeriodSeconds: 0 });
    expect(cells(body).slice(1, 4)).toEqual(expected);
  });
});

describe('watches', () => {
  it('see every change in order', async () => {
    const path = await namespaceWith('watched');
    const { body } = await cluster.get(path);
    const watch = await cluster.watch(`${path}?watch=true&resourceVersion=${String(body.metadata.resourceVersion)}`);
    await cluster.post(path, configMap('a'));
    await cluster.mergePatch(`${path}/a`, { data: { x: 'y' } });
    await cluster.remove(`${path}/a`);
    expect(await watch.titles(3)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    watch.close();
  });

  it('without a version begin with what is there', async () => {
    const path = await namespaceWith('present', 'a', 'b');
    const watch = await cluster.watch(`${path}?watch=1`);
    expect(await watch.titles(2)).toEqual(['ADDED a', 'ADDED b']);
    watch.close();
  });

  it('replay the past from a version', async () => {
    const path = await namespaceWith('replayed', 'a');
    const { body } = await cluster.get(`${path}/a`);
    await cluster.post(path, configMap('b'));
    const watch = await cluster.watch(`${path}?watch=1&resourceVersion=${String(body.metadata.resourceVersion)}`);
    expect(await watch.titles(1)).toEqual(['ADDED b']);
    watch.close();
  });

  it('see objects enter and leave the selection', async () => {
    const path = await namespaceWith('entering', 'a');
    const { body } = await cluster.get(path);
    const query = `watch=1&resourceVersion=${String(body.metadata.resourceVersion)}&labelSelector=in%3Dyes`;
    const watch = await cluster.watch(`${path}?${query}`);
    await cluster.mergePatch(`${path}/a`, { metadata: { labels: { in: 'yes' } } });
    await cluster.mergePatch(`${path}/a`, { data: { x: 'y' } });
    await cluster.mergePatch(`${path}/a`, { metadata: { labels: { in: 'no' } } });
    await cluster.mergePatch(`${path}/a`, { data: { x: 'z' } });
    await cluster.mergePatch(`${path}/a`, { metadata: { labels: { in: 'yes' } } });
    expect(await watch.titles(4)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a']);
    watch.close();
  });

  it('from before the history get 410 as an ERROR frame', async () => {
    const path = await namespaceWith('forgotten', 'a');
    const { body } = await cluster.get(`${path}/a`);
    for (let at = 0; at < 120; at++) await cluster.mergePatch(`${path}/a`, { data: { at: String(at) } });
    const watch = await cluster.watch(`${path}?watch=1&resourceVersion=${String(body.metadata.resourceVersion)}`);
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    expect(await watch.next()).toBeUndefined();
  });

  it('that run are ended with 410 when the history is expired', async () => {
    const path = await namespaceWith('cut-off');
    const watch = await cluster.watch(`${path}?watch=1`);
    cluster.server.store.expireHistory('configmaps');
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  it('get bookmarks with the version everything was delivered up to', async () => {
    const path = await namespaceWith('marked');
    const watch = await cluster.watch(`${path}?watch=1&allowWatchBookmarks=true`);
    const frame = await watch.next();
    expect(frame).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1' } });
    expect(Number(frame?.object.metadata.resourceVersion)).toBe(cluster.server.store.revision);
    watch.close();
  });

  it('with sendInitialEvents list first and say when that is done', async () => {
    const path = await namespaceWith('initial', 'a');
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watch = await cluster.watch(`${path}?${query}`);
    expect(await watch.titles(1)).toEqual(['ADDED a']);
    expect(await watch.next()).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    watch.close();
    const refused = await cluster.watch(`${path}?watch=1&sendInitialEvents=true`);
    expect(refused.status).toBe(422);
  });

  it('end after timeoutSeconds', async () => {
    const path = await namespaceWith('timed');
    const watch = await cluster.watch(`${path}?watch=1&timeoutSeconds=1`);
    expect(await watch.next()).toBeUndefined();
  });

  it('as tables carry the columns once', async () => {
    const path = await namespaceWith('tables', 'a', 'b');
    const watch = await cluster.watch(`${path}?watch=1`, tableType);
    const [first, second] = [await watch.next(), await watch.next()];
    expect(first?.object).toMatchObject({ kind: 'Table', rows: [{ cells: ['a', 0, expect.any(String)] }] });
    expect(listOf(first?.object.columnDefinitions)).toHaveLength(3);
    expect(second?.object.columnDefinitions).toBeNull();
    expect(watch.contentType).toBe(tableType);
    watch.close();
  });

  it('end when the server closes', async () => {
    const other = await startTestCluster();
    const watch = await other.watch(`${paths.configMaps}?watch=1`);
    await other.server.close();
    expect(await watch.next()).toBeUndefined();
  });
});
