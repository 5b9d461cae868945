/** Whatever happens, a watcher that folds its events ends with the state a list shows. */
import { describe, expect, it } from 'vitest';
import { seededRandom } from './faults/seeded-random.ts';
import type { Fields } from './protocol/kube-object.ts';
import { configMap, paths, startTestCluster, type TestCluster } from './testing/test-cluster.ts';
import type { WatchClient } from './testing/watch-client.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const steps = 300;
const fence = 'fence';

async function change(cluster: TestCluster, random: () => number): Promise<void> {
  const name = names[Math.floor(random() * names.length)] ?? 'a';
  const path = `${paths.configMaps}/${name}`;
  const labels = { group: random() < 0.5 ? 'x' : 'y' };
  const choice = random();
  if (choice < 0.35) await cluster.post(paths.configMaps, configMap(name, {}, { labels }));
  else if (choice < 0.6) await cluster.mergePatch(path, { metadata: { labels } });
  else if (choice < 0.8) await cluster.mergePatch(path, { data: { at: String(random()) } });
  else await cluster.remove(path);
}

/** Reads until the fence appears and returns name and version of everything that is left. */
async function fold(watch: WatchClient, start: Fields[]): Promise<Map<unknown, unknown>> {
  const versions = (object: Fields): [unknown, unknown] => {
    const { name, resourceVersion } = object.metadata as Fields;
    return [name, resourceVersion];
  };
  const state = new Map(start.map(versions));
  for (let frame = await watch.next(); frame !== undefined; frame = await watch.next()) {
    const [name, version] = versions(frame.object);
    if (name === fence) break;
    expect(['ADDED', 'MODIFIED', 'DELETED']).toContain(frame.type);
    expect(state.has(name), `${frame.type} ${String(name)}`).toBe(frame.type !== 'ADDED');
    if (frame.type === 'DELETED') state.delete(name);
    else state.set(name, version);
  }
  watch.close();
  return state;
}

describe('watchers', () => {
  it.each([1, 2, 3])('end with the state of a list, from any point and with any selection (seed %d)', async (seed) => {
    await using cluster = await startTestCluster();
    const random = seededRandom(seed);
    const folded: Promise<[query: string, state: Map<unknown, unknown>]>[] = [];
    for (let step = 0; step < steps; step++) {
      await change(cluster, random);
      if (step % 30 !== 0) continue;
      const query = step % 60 === 0 ? 'labelSelector=group%3Dx' : '';
      const { body } = await cluster.get(`${paths.configMaps}?${query}`);
      const since = `resourceVersion=${String(body.metadata.resourceVersion)}`;
      for (let more = 0; more < 5; more++) await change(cluster, random);
      const watch = await cluster.watch(`${paths.configMaps}?watch=1&${since}&${query}`);
      folded.push(fold(watch, body.items).then((state) => [query, state]));
    }
    const expected = new Map<string, Map<unknown, unknown>>();
    for (const query of ['', 'labelSelector=group%3Dx']) {
      const { items } = (await cluster.get(`${paths.configMaps}?${query}`)).body;
      const pairs = items
        .map(({ metadata }) => metadata as Fields)
        .map((meta) => [meta.name, meta.resourceVersion] as const);
      expected.set(query, new Map(pairs));
    }
    await cluster.post(paths.configMaps, configMap(fence, {}, { labels: { group: 'x' } }));
    for (const [query, state] of await Promise.all(folded)) expect(state).toEqual(expected.get(query));
    expect(folded.length).toBe(10);
  });
});
