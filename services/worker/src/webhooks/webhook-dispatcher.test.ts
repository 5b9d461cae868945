/** Deliveries against receivers that judge with the reference library of Standard Webhooks. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { claimOfDisk, initialDisk, type VmDiskSpec, WEBHOOK_EVENT_TYPES } from '@compute/domain';
import { openStore, type Store, type WebhookWithSecret } from '@compute/store';
import { freshDatabase } from '@compute/test-services';
import pg from 'pg';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  createWebhookDispatcher,
  type WebhookDispatcher,
  type WebhookDispatcherOptions,
} from './webhook-dispatcher.ts';

const by = { actor: { type: 'user', id: 'admin' }, requestId: 'r' } as const;
const PROJECT = 'demo';

interface Received {
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every type of event
  readonly body: any;
}

/** A receiver that remembers what it got. `answer` says with which status; `never` leaves the request open. */
class Receiver {
  readonly received: Received[] = [];
  answer: (received: Received) => number | 'never' = () => 204;
  #waiting: (() => void)[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const headers = request.headers as Record<string, string>;
      const received = { id: headers['webhook-id'] ?? '', headers, text, body: JSON.parse(text) };
      const status = receiver.answer(received);
      receiver.received.push(received);
      for (const wake of receiver.#waiting.splice(0)) wake();
      if (status !== 'never') response.writeHead(status).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** Resolves when `count` messages are there; the test's own time limit bounds the wait. */
  async has(count: number): Promise<readonly Received[]> {
    while (this.received.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.received;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let store: Store;
let database: pg.Pool;
const receivers: Receiver[] = [];
const dispatchers: WebhookDispatcher[] = [];
beforeAll(async () => {
  const databaseUrl = (await freshDatabase()).url;
  database = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  const secretsKey = Buffer.alloc(32, 7);
  const quotaDefaults = { 'class:*/disks': 100 };
  store = await openStore({ databaseUrl, secretsKey, applicationName: 'webhooks', quotaDefaults });
  await store.createProject(PROJECT);
});
afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.stop()));
  for (const receiver of receivers.splice(0)) receiver.close();
  const { items } = await store.webhooks.list({ limit: 100 });
  for (const { id } of items) await store.webhooks.remove(id, { by });
});
afterAll(async () => {
  await store.close();
  await database.end();
});

async function receiver(): Promise<Receiver> {
  const one = await Receiver.open();
  receivers.push(one);
  return one;
}

function dispatch(
  more: Partial<Pick<WebhookDispatcherOptions, 'allowPrivate' | 'timeoutMs' | 'most'>> = {},
): WebhookDispatcher {
  const dispatcher = createWebhookDispatcher({
    ...{ store, allowPrivate: true, everyMs: 20, onDisabled: () => undefined },
    onError: (_name, error) => {
      throw error;
    },
    ...more,
  }).start();
  dispatchers.push(dispatcher);
  return dispatcher;
}

const subscribe = (url: string, project?: string): Promise<WebhookWithSecret> =>
  store.webhooks.create(
    { url, eventTypes: WEBHOOK_EVENT_TYPES, description: '', ...(project === undefined ? {} : { project }) },
    { by },
  );

async function makeDisk(name: string, project = PROJECT): Promise<void> {
  const spec: VmDiskSpec = { source: {}, optical: false, storage: '1Gi', storageClass: 'replicated' };
  await store.create({
    ...{ actor: by.actor, requestId: 'r', kind: 'VMDisk', project, name, spec },
    ...initialDisk(),
    claim: claimOfDisk(spec),
  });
}

/** Resolves when the webhook is as `is` says; the test's own time limit bounds the wait. */
async function until(id: string, is: (state: { enabled: boolean; failedAttempts: number }) => boolean) {
  for (;;) {
    const record = await store.webhooks.get(id);
    if (record && is(record)) return record;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function logged(id: string, count: number): Promise<void> {
  for (;;) {
    const { items } = await store.webhooks.deliveries({ id, limit: 10 });
    if (items.length >= count) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('phases, limits and thresholds arrive in their order, and the reference library believes them', async () => {
  const hook = await receiver();
  await store.createProject('told');
  const { secret } = await subscribe(hook.url, 'told');
  dispatch();
  await store.quota.setLimits('told', { 'class:replicated/disks': 2 }, { by });
  await makeDisk('a', 'told');
  await makeDisk('elsewhere');
  await makeDisk('b', 'told');
  const received = await hook.has(4);
  expect(received.map(({ body }) => [body.type, body.data.name ?? body.data.threshold ?? body.data.limit])).toEqual([
    ['quota.limit_changed', 2],
    ['resource.phase_changed', 'a'],
    ...received.slice(2).map(({ body }) => [body.type, body.data.name ?? body.data.threshold]),
  ]);
  expect(
    received
      .slice(2)
      .map(({ body }) => body.type)
      .toSorted(),
  ).toEqual(['quota.threshold_reached', 'resource.phase_changed']);
  for (const { text, headers, body } of received) expect(new Webhook(secret).verify(text, headers)).toEqual(body);
  expect(() => new Webhook(secret).verify(`${received[0]?.text} `, received[0]?.headers ?? {})).toThrow();
  expect(received[1]?.body.data).toMatchObject({ project: 'told', kind: 'VMDisk', to: 'Pending', reason: 'Created' });
});

test('usage arrives as the events of the feed', async () => {
  const hook = await receiver();
  await subscribe(hook.url);
  await makeDisk('metered');
  const disk = await store.get('VMDisk', PROJECT, 'metered');
  const target = { kind: 'VMDisk', project: PROJECT, name: 'metered' } as const;
  if (!disk) throw new Error('there is no disk');
  const { conditions: _c, observedGeneration: _g, failure: _f, ...details } = disk.status;
  const seen = { actor: by.actor, uid: disk.uid, reason: 'Seen', message: '', conditions: [], details } as const;
  await store.observe({ ...seen, loaded: disk, phase: 'Ready' });
  await store.requestDeletion({ actor: by.actor, requestId: 'r', target });
  await store.usage.publish();
  const { events } = await store.usage.events({ limit: 100 });
  expect(events.length).toBeGreaterThan(0);
  dispatch();
  const isUsage = ({ body }: Received) => body.type === 'usage.recorded';
  for (let count = 1; hook.received.filter(isUsage).length < events.length; count += 1) await hook.has(count);
  expect(hook.received.filter(isUsage).map(({ id, body }) => [id, body.data.id])).toEqual(
    events.map(({ id }) => [`evt_usage_${id}`, id]),
  );
});

test('after a rotation the old and the new secret both verify, until the old one is over', async () => {
  const hook = await receiver();
  const first = await subscribe(hook.url);
  const second = await store.webhooks.rotate(first.record.id, 3_600_000, { by });
  dispatch();
  await makeDisk('rotated');
  const [both] = await hook.has(1);
  for (const { secret } of [first, second]) new Webhook(secret).verify(both?.text ?? '', both?.headers ?? {});
  const third = await store.webhooks.rotate(first.record.id, 0, { by });
  await makeDisk('rotated-again');
  const [, last] = await hook.has(2);
  new Webhook(third.secret).verify(last?.text ?? '', last?.headers ?? {});
  expect(() => new Webhook(second.secret).verify(last?.text ?? '', last?.headers ?? {})).toThrow();
});

test('a failure is tried again under the same id, later ones wait behind it, and the log tells', async () => {
  const hook = await receiver();
  const { record } = await subscribe(hook.url);
  hook.answer = ({ body }) => (body.data.name === 'first' && hook.received.length === 0 ? 500 : 200);
  dispatch();
  await makeDisk('first');
  const waiting = await until(record.id, ({ failedAttempts }) => failedAttempts === 1);
  expect((waiting.nextAttemptAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(2_000);
  await makeDisk('second');
  await database.query('update webhook set next_attempt_at = now()');
  const received = await hook.has(3);
  expect(received.map(({ body }) => body.data.name)).toEqual(['first', 'first', 'second']);
  expect(received[0]?.id).toBe(received[1]?.id);
  await until(record.id, ({ failedAttempts }) => failedAttempts === 0);
  const { items } = await store.webhooks.deliveries({ id: record.id, limit: 10 });
  expect(items.at(-1)).toMatchObject({ attempt: 1, delivered: false, status: 500, error: 'the receiver answered 500' });
  expect(items.at(-2)).toMatchObject({ attempt: 2, delivered: true, status: 200, messageId: items.at(-1)?.messageId });
});

test('410 disables, the end of the schedule disables, and nothing is skipped when it is enabled again', async () => {
  const hook = await receiver();
  const { record } = await subscribe(hook.url);
  hook.answer = () => 410;
  dispatch();
  await makeDisk('gone');
  expect(await until(record.id, ({ enabled }) => !enabled)).toMatchObject({ disabledReason: 'Gone' });
  hook.answer = () => 503;
  await store.webhooks.update(record.id, { enabled: true }, { by });
  await until(record.id, ({ failedAttempts }) => failedAttempts === 1);
  await database.query('update webhook set attempts = 9, next_attempt_at = now()');
  expect(await until(record.id, ({ enabled }) => !enabled)).toMatchObject({ disabledReason: 'Exhausted' });
  hook.answer = () => 200;
  const before = hook.received.length;
  await store.webhooks.update(record.id, { enabled: true }, { by });
  const received = await hook.has(before + 1);
  expect(new Set(received.map(({ id }) => id)).size).toBe(1);
});

test('a receiver that never answers holds up nobody else', async () => {
  const [dead, alive] = [await receiver(), await receiver()];
  dead.answer = () => 'never';
  await subscribe(dead.url);
  await subscribe(alive.url);
  dispatch({ timeoutMs: 60_000 });
  for (const name of ['one', 'two', 'three']) await makeDisk(`alive-${name}`);
  await dead.has(1);
  expect((await alive.has(3)).map(({ body }) => body.data.name)).toEqual(['alive-one', 'alive-two', 'alive-three']);
  expect(dead.received).toHaveLength(1);
});

test('a project with many receivers that never answer leaves room for the others', async () => {
  const [dead, alive] = [await receiver(), await receiver()];
  dead.answer = () => 'never';
  await store.createProject('neighbour');
  for (let index = 0; index < 20; index += 1) await subscribe(dead.url, PROJECT);
  await subscribe(alive.url, 'neighbour');
  await makeDisk('crowded');
  dispatch({ timeoutMs: 60_000, most: { turns: 3, ofProject: 2 } });
  await dead.has(2);
  await makeDisk('beside', 'neighbour');
  expect((await alive.has(1))[0]?.body.data.name).toBe('beside');
  expect(dead.received).toHaveLength(2);
});

test('a crash between the delivery and its record delivers again, under the same id', async () => {
  const hook = await receiver();
  const { record } = await subscribe(hook.url);
  hook.answer = () => 'never';
  const crashing = dispatch();
  await makeDisk('twice');
  await hook.has(1);
  // The receiver has it; the dispatcher ends before it hears so.
  await crashing.stop();
  hook.answer = () => 200;
  dispatch();
  const [first, second] = await hook.has(2);
  expect(second?.id).toBe(first?.id);
  expect(second?.text).toBe(first?.text);
  expect(await store.webhooks.get(record.id)).toMatchObject({ failedAttempts: 0 });
});

test('without leave, nothing is sent to private addresses or over http', async () => {
  const hook = await receiver();
  const { record } = await subscribe(hook.url);
  const named = await subscribe('https://localhost:9/hook');
  dispatch({ allowPrivate: false });
  await makeDisk('guarded');
  for (const id of [record.id, named.record.id]) await until(id, ({ failedAttempts }) => failedAttempts === 1);
  expect(hook.received).toEqual([]);
  const { items } = await store.webhooks.deliveries({ id: named.record.id, limit: 1 });
  expect(items[0]?.error).toBe('localhost leads to an address that is not public');
});

test('one message or a whole span can be asked for again', async () => {
  const hook = await receiver();
  const { record } = await subscribe(hook.url);
  const began = new Date();
  dispatch();
  for (const name of ['again-a', 'again-b']) await makeDisk(name);
  const [first, second] = (await hook.has(2)).map(({ id }) => id);
  await store.webhooks.redeliver(record.id, first ?? '', { by });
  expect((await hook.has(3)).at(-1)?.id).toBe(first);
  await expect(store.webhooks.redeliver(record.id, 'evt_none', { by })).rejects.toThrow('no such message');
  // What was delivered but is not in the log yet would be delivered once more: that is another story.
  await logged(record.id, 3);
  await store.webhooks.replay(record.id, began, { by });
  expect((await hook.has(5)).slice(3).map(({ id }) => id)).toEqual([first, second]);
});

test('secrets lie in the database sealed, and a rehearsal stores nothing and shows none', async () => {
  const { record, secret } = await subscribe('https://example.com/hook');
  const { rows } = await database.query('select to_jsonb(w)::text as row from webhook w');
  expect(rows.map(({ row }) => row).join()).not.toContain(secret.slice(6, 20));
  const tried = await store.webhooks.rotate(record.id, 0, { by, dryRun: true });
  expect(tried.secret).toBe('');
  expect((await store.webhooks.turn(record.id))?.secrets).toEqual([secret]);
});
