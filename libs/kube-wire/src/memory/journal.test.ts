/** State over restarts and kills. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clusterKinds } from '../kinds/cluster-kinds.ts';
import { KindRegistry } from '../protocol/kind.ts';
import { configMap, eventually, paths, startTestCluster, virtualMachine } from '../testing/test-cluster.ts';
import { Journal } from './journal.ts';
import { MemoryStore } from './memory-store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kube-wire-'));
});
afterEach(() => rm(folder, { recursive: true }));

const stateFile = async (): Promise<string> => {
  const names = await readdir(folder);
  expect(names).toHaveLength(1);
  return join(folder, names[0] ?? '');
};

describe('a server with a folder', () => {
  it('has its objects again after a restart, and versions go on', async () => {
    const first = await startTestCluster({ persistDir: folder });
    await first.post(paths.configMaps, configMap('kept', { a: 'b' }));
    await first.post(paths.configMaps, configMap('removed'));
    await first.remove(`${paths.configMaps}/removed`);
    const before = await first.get(`${paths.configMaps}/kept`);
    await first.server.close();
    const second = await startTestCluster({ persistDir: folder });
    const after = await second.get(`${paths.configMaps}/kept`);
    expect(after.body).toEqual(before.body);
    expect((await second.get(`${paths.configMaps}/removed`)).status).toBe(404);
    const next = await second.post(paths.configMaps, configMap('next'));
    expect(Number(next.body.metadata.resourceVersion)).toBeGreaterThan(Number(before.body.metadata.resourceVersion));
    const watch = await second.watch(
      `${paths.configMaps}?watch=1&resourceVersion=${String(before.body.metadata.resourceVersion)}`,
    );
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
    await second.server.close();
  });

  it('goes on with deletions that were under way', async () => {
    const first = await startTestCluster({ persistDir: folder });
    const owner = await first.post(paths.machines, virtualMachine('owner', {}, { finalizers: ['example.com/hold'] }));
    const { apiVersion, kind, metadata } = owner.body;
    const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid }];
    await first.post(paths.configMaps, configMap('dependent', {}, { ownerReferences }));
    await first.remove(`${paths.machines}/owner`);
    await first.server.close();
    const second = await startTestCluster({ persistDir: folder });
    await second.mergePatch(`${paths.machines}/owner`, { metadata: { finalizers: null } });
    await eventually(
      () => second.get(`${paths.configMaps}/dependent`),
      ({ status }) => status === 404,
    );
    await second.server.close();
  });

  it('leaves out a half-written last line', async () => {
    const first = await startTestCluster({ persistDir: folder });
    await first.post(paths.configMaps, configMap('kept'));
    await first.server.close();
    await appendFile(await stateFile(), '{"r":"configmaps","v":99999,"o":{"kind":"Conf');
    const second = await startTestCluster({ persistDir: folder });
    expect((await second.get(`${paths.configMaps}/kept`)).status).toBe(200);
    await second.server.close();
  });

  it('keeps its folder to its owner', async () => {
    const server = await startTestCluster({ persistDir: join(folder, 'state') });
    const { mode } = await stat(join(folder, 'state'));
    expect(mode & 0o077).toBe(0);
    await server.server.close();
  });

  it('loses nothing that was written when it is killed', async () => {
    const child = fork(join(import.meta.dirname, '../testing/serve-until-killed.ts'), [folder], { execArgv: [] });
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    const created: string[] = [];
    for (let at = 0; at < 50; at++) {
      const body = JSON.stringify(configMap(`killed-${at}`));
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url + paths.configMaps, { method: 'POST', body, headers });
      if (response.status === 201) created.push(`killed-${at}`);
    }
    child.send('flush');
    await once(child, 'message');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const server = await startTestCluster({ persistDir: folder });
    const { body } = await server.get(`${paths.configMaps}`);
    const names = body.items.map((item) => (item.metadata as { name: string }).name);
    expect(created).toHaveLength(50);
    expect(names.sort()).toEqual(created.sort());
    await server.server.close();
  });
});

describe('compaction', () => {
  it('shrinks the file and keeps the state, also of what happens meanwhile', async () => {
    const store = new MemoryStore(new KindRegistry(clusterKinds));
    const journal = await Journal.open(folder, store, { minimumChanges: 100 });
    store.createNamespaces();
    const kind = store.kinds.byKey('configmaps');
    if (kind === undefined) throw new Error('config maps are not registered');
    const user = { name: 'test', groups: [] };
    const key = { namespace: 'default', name: 'counter' };
    store.writer(kind).create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: key }, { user, dryRun: false });
    for (let at = 0; at < 1000; at++) {
      const data = { at: String(at) };
      store.writer(kind).update(key, ({ object }) => ({ ...object, data }), { user, dryRun: false });
      if (at % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await journal.close();
    expect((await stat(await stateFile())).size).toBeLessThan(100_000);
    const again = new MemoryStore(new KindRegistry(clusterKinds));
    await (await Journal.open(folder, again)).close();
    expect(again.find('configmaps', 'default', 'counter')?.data).toEqual({ at: '999' });
    expect(again.revision).toBeGreaterThan(store.revision);
  });
});
