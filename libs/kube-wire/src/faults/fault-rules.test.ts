/** Faults, as a client meets them over HTTP. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configMap, paths, startTestCluster, type TestCluster } from '../testing/test-cluster.ts';
import { FaultRules } from './fault-rules.ts';

let faults: FaultRules;
let cluster: TestCluster;
beforeEach(async () => {
  faults = new FaultRules();
  cluster = await startTestCluster({ faults });
});
afterEach(() => cluster[Symbol.asyncDispose]());

const create = (name: string) => cluster.post(paths.configMaps, configMap(name));
const read = (name: string) => cluster.get(`${paths.configMaps}/${name}`);
const firedOf = (id: string): number => faults.list().find((rule) => rule.id === id)?.fired ?? -1;
const isCut = (call: Promise<unknown>): Promise<boolean> =>
  call.then(
    () => false,
    () => true,
  );

describe('refusals', () => {
  it.each([
    [409, 'Conflict', undefined],
    [429, 'TooManyRequests', '7'],
    [500, 'InternalError', undefined],
    [503, 'ServiceUnavailable', undefined],
  ])('with %d have no effect', async (code, reason, retryAfter) => {
    const wait = retryAfter === undefined ? {} : { retryAfterSeconds: Number(retryAfter) };
    const id = faults.set({ verbs: ['create'], resources: ['configmaps'], effect: { type: 'error', code, ...wait } });
    const answer = await create('refused');
    expect([answer.status, answer.body.reason, answer.headers['retry-after']]).toEqual([code, reason, retryAfter]);
    expect((await read('refused')).status).toBe(404);
    expect(firedOf(id)).toBe(1);
    faults.clear(id);
    expect((await create('refused')).status).toBe(201);
  });

  it('meet only what the rule names', async () => {
    faults.set({ names: ['bad'], namespaces: ['default'], verbs: ['get'], effect: { type: 'error', code: 500 } });
    expect([(await read('good')).status, (await read('bad')).status]).toEqual([404, 500]);
    expect((await create('bad')).status).toBe(201);
  });

  it('begin after some requests and end after some', async () => {
    faults.set({ verbs: ['get'], skip: 1, count: 2, effect: { type: 'error', code: 500 } });
    const statuses = [];
    for (let at = 0; at < 5; at++) statuses.push((await read('x')).status);
    expect(statuses).toEqual([404, 500, 500, 404, 404]);
  });

  it('by chance are the same for the same seed', async () => {
    const run = async (): Promise<number[]> => {
      faults.set({ id: 'chance', verbs: ['get'], probability: 0.5, seed: 42, effect: { type: 'error', code: 500 } });
      const statuses = [];
      for (let at = 0; at < 20; at++) statuses.push((await read('x')).status);
      return statuses;
    };
    const first = await run();
    expect(new Set(first)).toEqual(new Set([404, 500]));
    expect(await run()).toEqual(first);
  });

  it('have a window', async () => {
    faults.set({ startAfterMs: 60_000, effect: { type: 'error', code: 500 } });
    faults.set({ durationMs: -1, effect: { type: 'error', code: 500 } });
    expect((await read('x')).status).toBe(404);
  });
});

describe('cut connections', () => {
  it('before the effect leave nothing behind', async () => {
    faults.set({ verbs: ['create'], count: 1, effect: { type: 'reset', when: 'before' } });
    expect(await isCut(create('lost'))).toBe(true);
    expect((await read('lost')).status).toBe(404);
  });

  it('after the effect leave it', async () => {
    faults.set({ verbs: ['create'], count: 1, effect: { type: 'reset', when: 'after' } });
    expect(await isCut(create('kept'))).toBe(true);
    expect((await read('kept')).status).toBe(200);
  });

  it('of a server that is away are all, and its watches end', async () => {
    const watch = await cluster.watch(`${paths.configMaps}?watch=1`);
    faults.set({ id: 'away', effect: { type: 'away' } });
    expect(await watch.next()).toBeUndefined();
    expect(await isCut(read('x'))).toBe(true);
    expect(await isCut(cluster.get('/healthz'))).toBe(true);
    faults.clear();
    expect((await cluster.get('/healthz')).status).toBe(200);
  });
});

describe('latency', () => {
  it('delays the request', async () => {
    faults.set({ verbs: ['get'], effect: { type: 'latency', minMs: 60, maxMs: 60 } });
    const started = performance.now();
    await read('x');
    expect(performance.now() - started).toBeGreaterThan(55);
  });
});

describe('watches', () => {
  it('are cut behind some events', async () => {
    const id = faults.set({ effect: { type: 'watchCut', afterEvents: 2 } });
    const watch = await cluster.watch(`${paths.configMaps}?watch=1`);
    for (const name of ['a', 'b', 'c']) await create(name);
    expect(await watch.titles(3)).toEqual(['ADDED a', 'ADDED b', 'END']);
    expect(firedOf(id)).toBe(1);
  });

  it('that run are cut at once', async () => {
    const watch = await cluster.watch(`${paths.configMaps}?watch=1`);
    faults.set({ resources: ['configmaps'], count: 1, effect: { type: 'watchCut', afterEvents: 0 } });
    expect(await watch.next()).toBeUndefined();
  });

  it('see events twice', async () => {
    const watch = await cluster.watch(`${paths.configMaps}?watch=1`);
    faults.set({ count: 1, effect: { type: 'watchDuplicate' } });
    for (const name of ['a', 'b']) await create(name);
    expect(await watch.titles(3)).toEqual(['ADDED a', 'ADDED a', 'ADDED b']);
    watch.close();
  });

  it('see events in the wrong order', async () => {
    const watch = await cluster.watch(`${paths.configMaps}?watch=1`);
    faults.set({ count: 1, effect: { type: 'watchReorder' } });
    for (const name of ['a', 'b', 'c']) await create(name);
    expect(await watch.titles(3)).toEqual(['ADDED b', 'ADDED a', 'ADDED c']);
    watch.close();
  });

  it('from the past are told the history is gone', async () => {
    const { body } = await create('a');
    faults.set({ verbs: ['watch'], count: 1, effect: { type: 'expired' } });
    const query = `watch=1&resourceVersion=${String(body.metadata.resourceVersion)}`;
    const refused = await cluster.watch(`${paths.configMaps}?${query}`);
    expect(await refused.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } });
    const served = await cluster.watch(`${paths.configMaps}?${query}`);
    await create('b');
    expect(await served.titles(1)).toEqual(['ADDED b']);
    served.close();
  });
});

describe('lists', () => {
  it('stand still', async () => {
    await create('a');
    faults.set({ id: 'stale', verbs: ['list'], effect: { type: 'staleList' } });
    const first = await cluster.get(paths.configMaps);
    await create('b');
    const second = await cluster.get(paths.configMaps);
    expect(second.text).toBe(first.text);
    faults.clear('stale');
    expect((await cluster.get(paths.configMaps)).body.items).toHaveLength(2);
  });
});
