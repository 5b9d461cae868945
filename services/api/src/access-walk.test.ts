/**
 * Walks every door of every face with the keys that must not open it, and a few that must. What is walked comes from the
 * contract's table, the compiled descriptors and what the kubectl face announces, so that nothing new is left out.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Door, type Verdict } from './fixtures/doors/door.ts';
import { describedMethods, GRPC_METHODS, type GrpcDoors, grpcDoors } from './fixtures/doors/grpc-doors.ts';
import { kubeDoors } from './fixtures/doors/kube-doors.ts';
import { restDoors } from './fixtures/doors/rest-doors.ts';
import { kubeClient } from './fixtures/kube-client.ts';
import { type KubectlStage, openKubectlStage } from './fixtures/kubectl.ts';

let stage: KubectlStage;
let grpc: GrpcDoors;
let doors: Door[];
beforeAll(async () => {
  stage = await openKubectlStage({ RATE_LIMIT_FAILED_KEYS: '0', STREAM_HEARTBEAT_SECONDS: '1' });
  const { it: test } = stage;
  await test.store.createProject('other');
  const disk = { metadata: { name: 'there' }, spec: { storage: '1Gi' } };
  const made = await test.send('POST', '/v1/projects/demo/vm-disks', { body: disk });
  const vm = {
    metadata: { name: 'there' },
    spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu', running: false },
  };
  await test.send('POST', '/v1/projects/demo/vm-instances', { body: vm });
  const operationId = /operations\/([^>]+)/.exec(made.headers.get('link') ?? '')?.[1] ?? '';
  const { record } = await test.store.createApiKey({ project: 'demo', name: 'walked', scopes: ['read'] });
  const hook = await test.send<{ id: string }>('POST', '/v1/webhooks', {
    ...{ key: test.adminKey, body: { project: 'demo', url: 'https://example.com/hook' } },
  });
  const things = { operationId, apiKeyId: record.id, webhookId: hook.body.id };
  grpc = grpcDoors(test, things);
  const clientFor = (token: string) => kubeClient(test.api.kubeUrl ?? '', stage.ca, token);
  doors = [...restDoors(test, things), ...grpc.doors, ...(await kubeDoors(clientFor, test.key))];
}, 60_000);
afterAll(async () => {
  grpc.close();
  await stage.close();
});

const GARBAGE = `vmk_${'0'.repeat(16)}_${'0'.repeat(64)}`;

/** The doors that answered otherwise, with what they answered. */
async function unlike(expected: (verdict: Verdict) => boolean, token: string | undefined, some: readonly Door[]) {
  const verdicts = await Promise.all(some.map(async (door) => [door.title, await door.knock(token)] as const));
  return verdicts.filter(([, verdict]) => !expected(verdict));
}

const is = (wanted: Verdict) => (verdict: Verdict) => verdict === wanted;

it('walks every method that the descriptors name', () => {
  expect(Object.keys(GRPC_METHODS).sort()).toEqual(describedMethods().sort());
  expect(doors.length).toBeGreaterThan(80);
});

it('no door opens without a key', async () => {
  expect(await unlike(is('Unauthenticated'), undefined, doors)).toEqual([]);
});

it('no door opens for keys that are made up', async () => {
  for (const token of [GARBAGE, 'a.b.c', 'x'.repeat(4_000)])
    expect(await unlike(is('Unauthenticated'), token, doors)).toEqual([]);
});

it('no door opens for a key that has expired', async () => {
  const { token } = await stage.it.store.createApiKey({ name: 'old', scopes: ['admin'], expiresAt: new Date(0) });
  expect(await unlike(is('Unauthenticated'), token, doors)).toEqual([]);
});

it('no door opens for a key that was revoked', async () => {
  const { token, record } = await stage.it.store.createApiKey({ name: 'gone', scopes: ['admin'] });
  await stage.it.store.revokeApiKey(record.id);
  expect(await unlike(is('Unauthenticated'), token, doors)).toEqual([]);
});

it('whatever belongs to a project is not found with the key of another, whatever that key may do', async () => {
  const token = await stage.it.newKey(['read', 'write', 'admin'], 'other');
  expect(
    await unlike(
      is('NotFound'),
      token,
      doors.filter((door) => door.isOfProject),
    ),
  ).toEqual([]);
});

it('a key that may read changes nothing', async () => {
  const token = await stage.it.newKey(['read'], 'demo');
  expect(
    await unlike(
      is('PermissionDenied'),
      token,
      doors.filter(({ scope }) => scope !== 'read'),
    ),
  ).toEqual([]);
});

it('a key that may write administers nothing', async () => {
  const token = await stage.it.newKey(['read', 'write'], 'demo');
  expect(
    await unlike(
      is('PermissionDenied'),
      token,
      doors.filter(({ scope }) => scope === 'admin'),
    ),
  ).toEqual([]);
});

it('a key that may read opens every door for reading', async () => {
  const token = await stage.it.newKey(['read'], 'demo');
  const inside: readonly Verdict[] = ['in', 'NotFound', 'other: INVALID_ARGUMENT', 'other: 422'];
  const opened = (verdict: Verdict) => inside.includes(verdict);
  expect(
    await unlike(
      opened,
      token,
      doors.filter(({ scope }) => scope === 'read'),
    ),
  ).toEqual([]);
});
