import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApi, type TestApi } from './fixtures/open-test-api.ts';

let api: TestApi;
let projectAdmin: string;
beforeAll(async () => {
  api = await openTestApi();
  await api.store.createProject('other');
  projectAdmin = await api.newKey(['admin'], 'demo');
});
afterAll(() => api.close());

const URL = 'https://example.com/hook';
const make = (body: object, key = projectAdmin) =>
  api.send<{ id: string; secret: string }>('POST', '/v1/webhooks', { body, key });

test('the secret is shown when it is made and never again', async () => {
  const { status, body } = await make({ url: URL });
  expect([status, body]).toEqual([201, expect.objectContaining({ project: 'demo', enabled: true, failedAttempts: 0 })]);
  expect(body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const shown = await api.send('GET', `/v1/webhooks/${body.id}`, { key: projectAdmin });
  expect([shown.status, shown.text.includes('whsec_')]).toEqual([200, false]);
  const rotated = await api.send<{ secret: string }>('POST', `/v1/webhooks/${body.id}/rotate`, { key: projectAdmin });
  expect([rotated.status, rotated.body.secret === body.secret]).toEqual([200, false]);
  expect((await api.store.webhooks.turn(body.id))?.secrets).toEqual([rotated.body.secret, body.secret]);
});

test('an administrator of one project subscribes to no other, and sees no webhook but its own', async () => {
  expect((await make({ url: URL, project: 'other' })).status).toBe(404);
  const { body } = await make({ url: URL, project: 'other' }, api.adminKey);
  const global = await make({ url: URL }, api.adminKey);
  expect(global.body).not.toHaveProperty('project');
  for (const id of [body.id, global.body.id])
    expect((await api.send('GET', `/v1/webhooks/${id}`, { key: projectAdmin })).status).toBe(404);
  const list = await api.send<{ items: { project?: string }[] }>('GET', '/v1/webhooks', { key: projectAdmin });
  expect(new Set(list.body.items.map(({ project }) => project))).toEqual(new Set(['demo']));
});

test.each([
  'http://example.com/hook',
  'https://127.0.0.1/hook',
  'https://[::ffff:10.0.0.1]/hook',
  'https://localhost/hook',
  'https://user:secret@example.com/hook',
  'ftp://example.com',
])('messages do not go to %s', async (url) => {
  const refused = await make({ url });
  expect([refused.status, refused.text.includes('secret@')]).toEqual([422, false]);
});

test('a webhook is changed, disabled and ended, and what is no event type is refused', async () => {
  const { id } = (await make({ url: URL, eventTypes: ['usage.recorded'] })).body;
  const patch = (body: object) => api.send('PATCH', `/v1/webhooks/${id}`, { body, key: projectAdmin });
  expect((await patch({ enabled: false, description: 'paused' })).body).toMatchObject({
    enabled: false,
    description: 'paused',
  });
  expect((await patch({ eventTypes: ['nothing'] })).status).toBe(422);
  expect((await patch({ url: 'https://10.0.0.1/' })).status).toBe(422);
  expect((await api.send('DELETE', `/v1/webhooks/${id}`, { key: projectAdmin })).status).toBe(200);
  expect((await api.send('GET', `/v1/webhooks/${id}`, { key: projectAdmin })).status).toBe(404);
});
