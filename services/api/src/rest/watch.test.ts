import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EventSource, openEvents, type ReceivedEvent } from '../fixtures/event-source.ts';
import { openTestApi, type TestApi } from '../fixtures/open-test-api.ts';

let test: TestApi;
const sources: EventSource[] = [];
beforeAll(async () => {
  test = await openTestApi({ STREAM_HEARTBEAT_SECONDS: '1' });
});
afterAll(async () => {
  for (const source of sources) source.close();
  await test.close();
});

const project = async (name: string) => (await test.store.createProject(name)).name;
const make = (name: string, of: string, labels: object = {}) =>
  test.send('POST', `/v1/projects/${of}/vm-disks`, {
    body: { metadata: { name, labels }, spec: { storage: '1Gi' } },
    key: test.adminKey,
  });
const label = (name: string, of: string, labels: object) =>
  test.send('PATCH', `/v1/projects/${of}/vm-disks/${name}`, { body: { metadata: { labels } }, key: test.adminKey });

async function watch(of: string, query = '', headers: Record<string, string> = {}): Promise<EventSource> {
  const url = `${test.api.restUrl}/v1/projects/${of}/watch${query}`;
  const source = await openEvents(url, { authorization: `Bearer ${test.adminKey}`, ...headers });
  sources.push(source);
  return source;
}

const told = (events: readonly ReceivedEvent[]) =>
  events.filter(({ event }) => event !== 'BOOKMARK').map(({ event, data }) => `${event} ${data.object?.metadata.name}`);
const isBookmark = ({ event }: ReceivedEvent) => event === 'BOOKMARK';
const names =
  (name: string) =>
  ({ data }: ReceivedEvent) =>
    data.object?.metadata.name === name;

it('begins with what there is, and goes on with each change', async () => {
  const of = await project('listing');
  await make('a', of);
  const source = await watch(of);
  const listed = await source.until(isBookmark);
  expect(told(listed)).toEqual(['ADDED a']);
  expect(listed.map(({ id }) => id !== undefined)).toEqual([false, true]);
  await make('b', of);
  await label('a', of, { x: '1' });
  expect(told(await source.until(names('a')))).toEqual(['ADDED b', 'MODIFIED a']);
});

it('goes on after the last event that was received: nothing lost, nothing twice', async () => {
  const of = await project('resuming');
  const first = await watch(of);
  await first.until(isBookmark);
  await make('one', of);
  const [, id] = [await first.until(names('one'))].map((events) => [events, events.at(-1)?.id] as const)[0] ?? [];
  first.close();
  const made = ['two', 'three', 'four', 'five'];
  for (const name of made) await make(name, of);
  const second = await watch(of, '', { 'last-event-id': id ?? '' });
  expect(told(await second.until(names('five')))).toEqual(made.map((name) => `ADDED ${name}`));
  const third = await watch(of, `?resumeToken=${id}`);
  expect(told(await third.until(names('three')))).toEqual(['ADDED two', 'ADDED three']);
});

it('sees every change of many writers exactly once, while it is listing', async () => {
  const of = await project('racing');
  const wanted = Array.from({ length: 40 }, (_, index) => `disk-${index}`);
  const writing = Promise.all(wanted.map((name) => make(name, of)));
  const source = await watch(of);
  await writing;
  const seen = new Set<string>();
  const events: string[] = [];
  while (seen.size < wanted.length) {
    const event = await source.next();
    if (event?.data.object) events.push(event.data.object.metadata.name);
    seen.add(event?.data.object?.metadata.name ?? '');
    seen.delete('');
  }
  expect(events.toSorted()).toEqual(wanted.toSorted());
});

it('tells a selector’s watcher of what comes into sight and what leaves it', async () => {
  const of = await project('selecting');
  await make('web', of, { tier: 'web' });
  await make('db', of, { tier: 'db' });
  const source = await watch(of, '?kinds=VMDisk&labelSelector=tier%3Dweb');
  expect(told(await source.until(isBookmark))).toEqual(['ADDED web']);
  await label('db', of, { tier: 'web' });
  await label('web', of, { tier: 'other' });
  await make('unseen', of, { tier: 'db' });
  await make('last', of, { tier: 'web' });
  expect(told(await source.until(names('last')))).toEqual(['ADDED db', 'DELETED web', 'ADDED last']);
});

it('says that it lives while nothing happens', async () => {
  const source = await watch(await project('quiet'));
  expect(await source.comment()).toContain('heartbeat');
});

it('refuses a position that it never gave out, before the stream begins', async () => {
  const reply = await test.send('GET', '/v1/projects/demo/watch', { headers: { 'last-event-id': 'x' } });
  expect(reply).toMatchObject({ status: 400, body: { code: 'InvalidArgument' } });
});

it('refuses a position ahead of the feed, which comes from a database that is no more', async () => {
  const reply = await test.send('GET', '/v1/projects/demo/watch', { headers: { 'last-event-id': '999999999' } });
  expect(reply).toMatchObject({ status: 410, body: { code: 'CursorTooOld' } });
});

it('refuses a position whose changes are no longer kept', async () => {
  const own = await openTestApi();
  await own.send('POST', '/v1/projects/demo/vm-disks', { body: { metadata: { name: 'a' }, spec: { storage: '1Gi' } } });
  const later = new Date(Date.now() + 400 * 86_400_000);
  await own.store.dropPartitions({ changes: later, history: new Date(0), states: new Date(0) });
  const reply = await own.send('GET', '/v1/projects/demo/watch', { headers: { 'last-event-id': '0' } });
  await own.close();
  expect(reply).toMatchObject({ status: 410, body: { code: 'CursorTooOld' } });
});

it('ends every stream with a word when the server stops', async () => {
  const own = await openTestApi();
  const url = `${own.api.restUrl}/v1/projects/demo/watch`;
  const source = await openEvents(url, { authorization: `Bearer ${own.key}` });
  await source.until(isBookmark);
  const closing = own.close();
  const events = await source.until(({ event }) => event === 'CLOSE');
  expect(events.at(-1)?.data.reason).toContain('stopping');
  expect(await source.next()).toBeUndefined();
  await closing;
});

it('ends when the key is revoked that opened it', async () => {
  const of = await project('revoked');
  const key = await test.newKey(['read'], of);
  const source = await watch(of, '', { authorization: `Bearer ${key}` });
  await source.until(isBookmark);
  await test.store.revokeApiKey(key.split('_')[1] ?? '');
  const events = await source.until(({ event }) => event === 'ERROR');
  expect(events.at(-1)?.data).toMatchObject({ status: 401, code: 'Unauthenticated' });
  expect(await source.next()).toBeUndefined();
});
