/**
 * Every example of the OpenAPI document, sent to a real API: the answer has a status that the document names for
 * success, and is what its schema says. An operation without an example fails.
 */
import { openTestApi, removeFully, report, type TestApi } from '@compute/api/testing';
import type { OpenApiDocument, OpenApiOperation } from '@compute/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './json-schema.ts';

let test: TestApi;
let document: OpenApiDocument;
beforeAll(async () => {
  test = await openTestApi();
  document = (await test.send<OpenApiDocument>('GET', '/openapi.json', { key: '' })).body;
});
afterAll(() => test.close());

interface Documented {
  readonly path: string;
  readonly method: string;
  readonly operation: OpenApiOperation;
}

const documented = (): Documented[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );

const MAKERS = [
  'createProject',
  'createVMDisk',
  'createVMInstance',
  'createApiKey',
  'ackUsageConsumer',
  'createWebhook',
];

/** Each after what it needs: what makes things, what reads and changes them, what ends them. */
function rank({ path, method, operation }: Documented): number {
  const order = MAKERS.indexOf(operation.operationId);
  if (order >= 0) return order;
  if (method === 'get') return 10;
  if (method === 'delete') return path.includes('vm-disks') ? 40 : path.endsWith('{project}') ? 50 : 30;
  // A replacement by the example of the creation would shrink what the patch has grown.
  return path.includes(':') ? 25 : method === 'patch' ? 22 : 20;
}

/** What must be so before an operation makes sense; every other example needs nothing but what stands before it. */
const BEFORE: Readonly<Record<string, () => Promise<void>>> = {
  ackUsageConsumer: useSomething,
  getOperation: finishSomething,
  redeliverWebhook: deliverSomething,
  pauseVMInstance: letItRun,
  restartVMInstance: letItRun,
  cancelVMDisk: () => report(test.store, 'VMDisk', 'application-data', 'Importing', false, 'team-blue'),
};

/** Makes an operation that is over at once, so that nobody waits for a worker who is not there. */
async function finishSomething(): Promise<void> {
  const body = { metadata: { labels: { finished: 'yes' } } };
  const path = '/v1/projects/team-blue/vm-disks/application-data';
  await test.send('PATCH', path, { body, headers: { 'content-type': MERGE }, key: test.adminKey });
}

/** Closes an interval of use, so that the feed has an event. */
async function useSomething(): Promise<void> {
  const body = { metadata: { name: 'used' }, spec: { storage: '1Gi' } };
  await test.send('POST', '/v1/projects/team-blue/vm-disks', { body, key: test.adminKey });
  await report(test.store, 'VMDisk', 'used', 'Ready', true, 'team-blue');
  await test.send('DELETE', '/v1/projects/team-blue/vm-disks/used', { key: test.adminKey });
  await removeFully(test.store, 'VMDisk', 'used', 'team-blue');
  await test.store.usage.publish();
  await test.store.usage.closePeriods();
}

/** A message in the log of deliveries, as a worker would write it. */
async function deliverSomething(): Promise<void> {
  const turn = await test.store.webhooks.turn(webhookId);
  const attempt = { messageId: 'evt_quota_42', eventType: 'quota.limit_changed', attempt: 1, delivered: true } as const;
  if (turn) await test.store.webhooks.record(turn, { ...attempt, durationMs: 1, body: '{}' }, {});
}

async function letItRun(): Promise<void> {
  await test.send('POST', '/v1/projects/team-blue/vm-instances/vm-example:start', { key: test.adminKey });
  await report(test.store, 'VMInstance', 'vm-example', 'Running', true, 'team-blue');
}

const MERGE = 'application/merge-patch+json';

/** Ids are given by the server; the document's are only to be looked at. */
let keyId = '';
let webhookId = '';

interface Feed {
  readonly events: readonly { readonly id: string }[];
  readonly nextCursor: string;
}

const feed = async (): Promise<Feed> =>
  (await test.send<Feed>('GET', '/v1/usage/events?limit=1', { key: test.adminKey })).body;

const ISSUED: Readonly<Record<string, () => Promise<string>>> = {
  access: async () => keyId,
  webhooks: async () => webhookId,
  operations: async () => (await idsAt('/v1/operations?project=team-blue'))[0] ?? '',
  usage: async () => (await feed()).events[0]?.id ?? '',
};

async function idsAt(path: string): Promise<string[]> {
  const { body } = await test.send<{ items: { id: string }[] }>('GET', path, { key: test.adminKey });
  return body.items.map(({ id }) => id);
}

const issued = async (operation: OpenApiOperation): Promise<string> => {
  const give = ISSUED[operation.tags[0] ?? ''];
  if (!give) throw new Error(`Say where the id for ${operation.operationId} comes from.`);
  return give();
};

/** Bodies with something in them that the server gave out. */
const BODIES: Readonly<Record<string, () => Promise<object>>> = {
  ackUsageConsumer: async () => ({ cursor: (await feed()).nextCursor }),
};

const MS_PER_HOUR = 3_600_000;

/** Up to the hour that has just been closed. */
const closedSpan = (): Readonly<Record<string, string>> => {
  const to = new Date(Math.floor(Date.now() / MS_PER_HOUR) * MS_PER_HOUR);
  return { from: new Date(to.getTime() - MS_PER_HOUR).toISOString(), to: to.toISOString() };
};

/** Queries about what has happened until now. */
const QUERIES: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
  exportUsage: closedSpan,
  getUsageManifest: closedSpan,
};

/** The request that an operation's examples make. */
async function requestOf({ path, operation }: Documented) {
  const query = new URLSearchParams();
  let address = path;
  for (const { name, in: place, example } of operation.parameters) {
    if (place === 'path')
      address = address.replace(`{${name}}`, name === 'id' ? await issued(operation) : String(example));
    if (place === 'query' && example !== undefined) query.set(name, String(example));
  }
  for (const [name, value] of Object.entries(QUERIES[operation.operationId]?.() ?? {})) query.set(name, value);
  const [type, content] = Object.entries(operation.requestBody?.content ?? {}).find(([, one]) => one.example) ?? [];
  const given = await BODIES[operation.operationId]?.();
  const body = content ? { body: given ?? content.example, headers: { 'content-type': type ?? '' } } : {};
  return { url: query.size === 0 ? address : `${address}?${query}`, ...body };
}

const successes = ({ responses }: OpenApiOperation) =>
  Object.entries(responses).filter(([status]) => status.startsWith('2'));

describe('the OpenAPI document', () => {
  it('has an example for each operation: every value of the address, and a body where one is taken', () => {
    for (const { path, method, operation } of documented()) {
      const where = `${method} ${path}`;
      const needed = operation.parameters.filter(({ required }) => required);
      for (const { name, example } of needed) expect(example, `${where}: ${name}`).toBeDefined();
      if (!operation.requestBody) continue;
      const examples = Object.values(operation.requestBody.content).filter(({ example }) => example !== undefined);
      expect(examples.length, `${where}: body`).toBeGreaterThan(0);
    }
  });

  it('shows examples that are as it says, and gets the answers that it says', async () => {
    for (const one of documented().toSorted((a, b) => rank(a) - rank(b))) {
      const { path, method, operation } = one;
      const where = `${method.toUpperCase()} ${path}`;
      await BEFORE[operation.operationId]?.();
      const request = await requestOf(one);
      if (isStream(operation)) await opensStream(request.url, where);
      else await answersAsDocumented(one, request, where);
    }
  });

  it('leads every documented code to its page', async () => {
    const { Problem = {} } = document.components.schemas;
    const codes = (Problem.properties as { code: { enum: string[] } }).code.enum;
    for (const code of codes) {
      const page = await test.send('GET', `/errors/${code}`, { key: '' });
      expect([page.status, page.headers.get('content-type')], code).toEqual([
        200,
        expect.stringContaining('text/html'),
      ]);
    }
    expect(codes.length).toBeGreaterThan(15);
  });
});

const isStream = (operation: OpenApiOperation): boolean =>
  successes(operation).some(([, { content = {} }]) => 'text/event-stream' in content);

/** A stream does not end by itself: its beginning is enough. */
async function opensStream(url: string, where: string): Promise<void> {
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${test.adminKey}` };
  const response = await fetch(test.api.restUrl + url, { headers, signal: stop.signal });
  expect([response.status, response.headers.get('content-type')], where).toEqual([
    200,
    expect.stringContaining('text/event-stream'),
  ]);
  stop.abort();
}

async function answersAsDocumented(
  { method, operation }: Documented,
  { url, ...request }: Awaited<ReturnType<typeof requestOf>>,
  where: string,
): Promise<void> {
  for (const [type, content] of Object.entries(operation.requestBody?.content ?? {}))
    if (content.example !== undefined && type.includes('json'))
      expect(violations(content.example, content.schema, document.components.schemas), `${where}: body`).toEqual([]);
  const reply = await test.send(method.toUpperCase(), url, { ...request, key: test.adminKey });
  expect(
    successes(operation).map(([status]) => status),
    `${where}: ${reply.text}`,
  ).toContain(`${reply.status}`);
  const { content = {} } = operation.responses[`${reply.status}`] ?? {};
  const type = reply.headers.get('content-type')?.split(';')[0] ?? '';
  expect(Object.keys(content), `${where}: content type`).toContain(type);
  const schema = content[type]?.schema ?? {};
  if (type === 'application/json')
    expect(violations(reply.body, schema, document.components.schemas), `${where}: ${reply.text}`).toEqual([]);
  if (operation.operationId === 'createApiKey') keyId = String(reply.body.id);
  if (operation.operationId === 'createWebhook') webhookId = String(reply.body.id);
}
