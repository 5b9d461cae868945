import { afterAll, beforeAll, expect, test } from 'vitest';
import { newVm, openTestStore, PROJECT, seenVm, type TestStore, USER } from '../fixtures/open-test-store.ts';

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
afterAll(() => it.close());

const APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const target = (name: string) => ({ kind: 'VMInstance' as const, project: PROJECT, name });
const wish = (name: string) => ({ actor: USER, requestId: 'request-2', target: target(name) });

test('a report of a worker leaves the version since which the settable part is as it is', async () => {
  const { resource } = await it.store.create(newVm('settled'));
  expect(resource.specResourceVersion).toBe(resource.resourceVersion);
  const seen = await it.store.observe(seenVm(resource, 'Provisioning'));
  expect(Number(seen.resource.resourceVersion)).toBeGreaterThan(Number(resource.resourceVersion));
  expect(seen.resource.specResourceVersion).toBe(resource.resourceVersion);
  const labelled = await it.store.want({ ...wish('settled'), labels: { tier: 'web' } });
  expect(labelled.resource.specResourceVersion).toBe(labelled.resource.resourceVersion);
  expect(await it.store.get('VMInstance', PROJECT, 'settled')).toEqual(labelled.resource);
});

test('owners of fields are kept, come back with every read, and only a change of them is one', async () => {
  const managedFields = [{ manager: 'kubectl', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:running': {} } } }];
  const { resource } = await it.store.create(newVm('owned', {}, { managedFields }));
  expect(resource.managedFields).toEqual(managedFields);
  const again = await it.store.want({ ...wish('owned'), managedFields });
  expect(again.outcome).toBe('unchanged');
  const shared = [...managedFields, { manager: 'other', operation: 'Apply', fieldsV1: { 'f:spec': {} } }];
  const changed = await it.store.want({ ...wish('owned'), managedFields: shared });
  expect([changed.outcome, changed.resource.generation]).toEqual(['configured', 1]);
  const [last] = (await it.store.changes({ after: '0', limit: 1000 })).slice(-1);
  expect(last?.resource.managedFields).toEqual(shared);
  const kept = await it.store.want({ ...wish('owned'), labels: { tier: 'web' } });
  expect(kept.resource.managedFields).toEqual(shared);
});

test('the manifest that kubectl keeps in an annotation is sealed in the row and in the feed', async () => {
  const secret = 'password: correct-horse';
  const annotations = { [APPLIED]: JSON.stringify({ spec: { cloudInit: secret } }), note: 'plain' };
  const { resource } = await it.store.create(newVm('applied', {}, { annotations }));
  const seen = await it.store.observe(seenVm(resource, 'Provisioning'));
  expect(seen.resource.annotations).toEqual(annotations);
  expect((await it.store.get('VMInstance', PROJECT, 'applied'))?.annotations).toEqual(annotations);
  const stored = await it.sql<{ text: string }>(
    `select r::text as text from resource r where uid = $1
     union all select c.object::text from change c where uid = $1`,
    [resource.uid],
  );
  expect(stored).toHaveLength(3);
  for (const { text } of stored) expect(text).not.toContain('correct-horse');
  for (const { text } of stored) expect(text).toContain('plain');
  const feed = await it.store.changes({ after: '0', limit: 1000 });
  expect(feed.filter(({ uid }) => uid === resource.uid).map((change) => change.resource.annotations)).toEqual([
    annotations,
    annotations,
  ]);
});
