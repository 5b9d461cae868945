import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { Informer, type InformerOptions } from './informer.ts';
import { KubeClient } from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import { resourceKind } from './resource-kind.ts';
import { type ReceivedRequest, ScriptedServer, sendJson, sendStatus } from './scripted-server.ts';

interface Disk extends KubeObject {
  spec: { size: number };
}

const disks = resourceKind<Disk>({ group: 'test.dev', version: 'v1', kind: 'Disk', plural: 'disks', namespaced: true });

function disk(name: string, resourceVersion: number, size = 1, uid = `uid-${name}`): Disk {
  return {
    apiVersion: 'test.dev/v1',
    kind: 'Disk',
    metadata: { name, namespace: 'n', uid, resourceVersion: String(resourceVersion), managedFields: [{}] },
    spec: { size },
  };
}

/** A collection whose lists and watches the test controls. */
class Stage {
  server!: ScriptedServer;
  client!: KubeClient;
  items: Disk[] = [];
  version = 10;
  readonly watches: { request: ReceivedRequest; response: ServerResponse }[] = [];
  readonly changes: string[] = [];
  readonly errors: unknown[] = [];
  refuseLists = 0;
  #wake = Promise.withResolvers<void>();

  async open(): Promise<void> {
    this.server = await ScriptedServer.start((request, response) => this.#answer(request, response));
    this.client = KubeClient.fromKubeconfigText(this.server.kubeconfig());
  }

  informer(extra: Partial<InformerOptions<Disk, { size: number }>> = {}): Informer<Disk, { size: number }> {
    const informer = new Informer<Disk, { size: number }>({
      client: this.client,
      kind: disks,
      project: (object) => ({ size: object.spec.size }),
      backoff: { minMs: 1, maxMs: 2 },
      onError: (error) => this.errors.push(error),
      ...extra,
    });
    informer.onChange(({ type, key, object, previous }) => {
      this.changes.push(`${type} ${key} ${previous?.size ?? '-'}>${object.size}`);
      this.#signal();
    });
    return informer;
  }

  send(type: string, object: object): void {
    this.watches.at(-1)?.response.write(`${JSON.stringify({ type, object })}\n`);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#wake.promise;
  }

  #answer(request: ReceivedRequest, response: ServerResponse): void {
    if (request.query.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      this.watches.push({ request, response });
    } else if (this.refuseLists > 0) {
      this.refuseLists -= 1;
      sendStatus(response, 503, 'ServiceUnavailable');
    } else {
      sendJson(response, 200, { metadata: { resourceVersion: String(this.version) }, items: this.items });
    }
    this.#signal();
  }

  #signal(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

const stages: { stage: Stage; informers: Informer<Disk, { size: number }>[] }[] = [];
afterEach(async () => {
  for (const { stage, informers } of stages.splice(0)) {
    for (const informer of informers) await informer.stop();
    await stage.client.close();
    await stage.server.close();
  }
});

async function begin(items: Disk[], extra: Partial<InformerOptions<Disk, { size: number }>> = {}) {
  const stage = new Stage();
  await stage.open();
  stage.items = items;
  const informer = stage.informer(extra);
  stages.push({ stage, informers: [informer] });
  return { stage, informer };
}

describe('an informer', () => {
  it('is synced when the list is read and then follows from the version of the list', async () => {
    const { stage, informer } = await begin([disk('a', 3), disk('b', 4, 2)]);
    await informer.start();
    expect(informer.size).toBe(2);
    expect(informer.get('n', 'b')).toEqual({ size: 2 });
    expect(informer.list('n')).toEqual([{ size: 1 }, { size: 2 }]);
    expect(informer.list('other')).toEqual([]);
    await stage.until(() => stage.watches.length === 1);
    expect(stage.watches[0]?.request.query.get('resourceVersion')).toBe('10');
    expect(stage.watches[0]?.request.query.get('allowWatchBookmarks')).toBe('true');
  });

  it('reports added, modified with what was before, and deleted', async () => {
    const { stage, informer } = await begin([]);
    await informer.start();
    await stage.until(() => stage.watches.length === 1);
    stage.send('ADDED', disk('a', 11));
    stage.send('MODIFIED', disk('a', 12, 5));
    stage.send('DELETED', disk('a', 13, 5));
    await stage.until(() => stage.changes.length === 3);
    expect(stage.changes).toEqual(['added n/a ->1', 'modified n/a 1>5', 'deleted n/a 5>5']);
    expect(informer.size).toBe(0);
    expect(informer.lastEventAt).toBeGreaterThan(0);
  });

  it('ignores events that were repeated or came late, also after a deletion', async () => {
    const { stage, informer } = await begin([disk('a', 9, 9)]);
    await informer.start();
    await stage.until(() => stage.watches.length === 1);
    stage.send('MODIFIED', disk('a', 8, 8));
    stage.send('MODIFIED', disk('a', 9, 9));
    stage.send('DELETED', disk('a', 13));
    stage.send('MODIFIED', disk('a', 12, 7));
    stage.send('ADDED', disk('b', 14));
    await stage.until(() => informer.get('n', 'b') !== undefined);
    expect(stage.changes).toEqual(['added n/a ->9', 'deleted n/a 9>9', 'added n/b ->1']);
  });

  it('continues after a lost watch from the last bookmark, without a new list', async () => {
    const { stage, informer } = await begin([disk('a', 3)]);
    await informer.start();
    await stage.until(() => stage.watches.length === 1);
    stage.send('BOOKMARK', { kind: 'Disk', apiVersion: 'test.dev/v1', metadata: { resourceVersion: '40' } });
    stage.send('ADDED', disk('b', 38));
    await stage.until(() => informer.size === 2);
    stage.watches[0]?.response.socket?.destroy();
    await stage.until(() => stage.watches.length === 2);
    expect(stage.watches[1]?.request.query.get('resourceVersion')).toBe('40');
    expect(stage.server.requests.filter((request) => request.query.get('watch') === null)).toHaveLength(1);
  });

  it('lists again after 410 and reports what vanished meanwhile as deleted', async () => {
    const { stage, informer } = await begin([disk('a', 3), disk('b', 4)]);
    await informer.start();
    await stage.until(() => stage.watches.length === 1);
    stage.items = [disk('b', 20, 7), disk('c', 21)];
    stage.version = 30;
    stage.send('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
    await stage.until(() => stage.watches.length === 2);
    expect(stage.changes.slice(2)).toEqual(['modified n/b 1>7', 'added n/c ->1', 'deleted n/a 1>1']);
    expect(stage.watches[1]?.request.query.get('resourceVersion')).toBe('30');
    expect(stage.errors).toEqual([]);
  });

  it('reports an object that was replaced by another of its name as deleted and added', async () => {
    const { stage, informer } = await begin([disk('a', 3)]);
    await informer.start();
    await stage.until(() => stage.watches.length === 1);
    stage.send('MODIFIED', disk('a', 15, 4, 'uid-other'));
    await stage.until(() => stage.changes.length === 3);
    expect(stage.changes).toEqual(['added n/a ->1', 'deleted n/a 1>1', 'added n/a ->4']);
  });

  it('keeps trying when the server refuses, and becomes synced when it does no more', async () => {
    const { stage, informer } = await begin([disk('a', 3)]);
    stage.refuseLists = 3;
    await informer.start();
    expect(informer.size).toBe(1);
    expect(stage.errors).toHaveLength(3);
  });

  it('opens a silent watch again', async () => {
    const { stage, informer } = await begin([disk('a', 3)], { stallTimeoutMs: 20 });
    await informer.start();
    await stage.until(() => stage.watches.length >= 2);
    expect(stage.errors[0]).toMatchObject({ reason: 'Stalled' });
  });

  it('survives a listener that throws and says so', async () => {
    const { stage, informer } = await begin([]);
    informer.onChange(() => {
      throw new Error('listener broke');
    });
    await informer.start();
    await stage.until(() => stage.watches.length === 1);
    stage.send('ADDED', disk('a', 11));
    stage.send('ADDED', disk('b', 12));
    await stage.until(() => informer.size === 2);
    expect(stage.errors).toEqual([new Error('listener broke'), new Error('listener broke')]);
  });

  it('keeps whole objects without managedFields when there is no projection', async () => {
    const { stage } = await begin([disk('a', 3)]);
    const whole = new Informer<Disk>({ client: stage.client, kind: disks });
    await whole.start();
    expect(whole.get('n', 'a')?.metadata).toEqual({ name: 'a', namespace: 'n', uid: 'uid-a', resourceVersion: '3' });
    await whole.stop();
  });

  it('rejects start when it is stopped before the first list', async () => {
    const { stage, informer } = await begin([]);
    stage.server.answerWith(() => undefined);
    const started = informer.start();
    await informer.stop();
    await expect(started).rejects.toThrow('informer stopped');
  });
});

describe('a watch', () => {
  it('gives an exception of its handler to the caller and closes the connection', async () => {
    const { stage } = await begin([]);
    const watching = stage.client.watch(
      disks,
      { resourceVersion: '1' },
      () => {
        throw new Error('handler broke');
      },
      new AbortController().signal,
    );
    await stage.until(() => stage.watches.length === 1);
    const closed = new Promise((resolve) => stage.watches[0]?.response.on('close', resolve));
    stage.send('ADDED', disk('a', 2));
    await expect(watching).rejects.toThrow('handler broke');
    await closed;
  });

  it('joins frames that were cut anywhere, even inside a character', async () => {
    const { stage } = await begin([]);
    const names: string[] = [];
    const abort = new AbortController();
    const watching = stage.client.watch(
      disks,
      {},
      (event) => {
        names.push(event.object.metadata.name);
        if (names.length === 2) abort.abort(new Error('enough'));
      },
      abort.signal,
    );
    await stage.until(() => stage.watches.length === 1);
    const bytes = Buffer.from(
      `${JSON.stringify({ type: 'ADDED', object: disk('zürich', 1) })}\n${JSON.stringify({ type: 'ADDED', object: disk('b', 2) })}\n`,
    );
    for (const byte of bytes) stage.watches[0]?.response.write(Buffer.from([byte]));
    await expect(watching).rejects.toThrow('enough');
    expect(names).toEqual(['zürich', 'b']);
  });
});
