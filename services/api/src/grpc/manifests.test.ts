import { ApplyManifestsRequest, ManifestOutcome, ManifestServiceClient } from '@compute/proto';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { detailsOf, invoke } from '../fixtures/grpc-clients.ts';
import { exampleFile, insecure, openTestApi, PROJECT, type TestApi } from '../fixtures/open-test-api.ts';

let test: TestApi;
let manifests: ManifestServiceClient;
beforeAll(async () => {
  test = await openTestApi();
  manifests = new ManifestServiceClient(test.api.grpcAddress, insecure());
});
afterAll(async () => {
  manifests.close();
  await test.close();
});

const text = (value: string) => ({ manifests: { $case: 'text', value } }) as const;
const apply = (request: Parameters<typeof ApplyManifestsRequest.fromPartial>[0]) =>
  invoke(
    manifests,
    manifests.applyManifests,
    ApplyManifestsRequest.fromPartial({ project: PROJECT, ...request }),
    test.metadata(),
  );
const disk = (name: string, storage = '1Gi') =>
  `apiVersion: apps.cozystack.io/v1alpha1\nkind: VMDisk\nmetadata:\n  name: ${name}\nspec:\n  storage: ${storage}\n`;

it('applies the specification’s file, and says unchanged the second time', async () => {
  const file = exampleFile('production-complete.yaml');
  const first = await apply(text(file));
  expect(first.reply.results.map(({ kind, name, outcome }) => [kind, name, outcome])).toEqual([
    ['VMDisk', 'prod-system', ManifestOutcome.MANIFEST_OUTCOME_CREATED],
    ['VMDisk', 'prod-data', ManifestOutcome.MANIFEST_OUTCOME_CREATED],
    ['VMInstance', 'vm-production', ManifestOutcome.MANIFEST_OUTCOME_CREATED],
  ]);
  expect(first.reply.results[2]).toMatchObject({
    operation: expect.stringMatching(/^operations\//),
    resource: { $case: 'vmInstance', value: { metadata: { name: 'vm-production' } } },
    warnings: expect.arrayContaining([expect.objectContaining({ reason: 'UNDECODABLE_SSH_KEY' })]),
  });
  const second = await apply(text(file));
  expect(new Set(second.reply.results.map(({ outcome }) => outcome))).toEqual(
    new Set([ManifestOutcome.MANIFEST_OUTCOME_UNCHANGED]),
  );
});

it('takes objects instead of a text', async () => {
  const documents = [
    {
      kind: 'VMDisk',
      apiVersion: 'apps.cozystack.io/v1alpha1',
      metadata: { name: 'as-object' },
      spec: { storage: '2Gi' },
    },
  ];
  const { reply } = await apply({ manifests: { $case: 'documents', value: { documents } } });
  expect(reply.results).toMatchObject([{ name: 'as-object', outcome: ManifestOutcome.MANIFEST_OUTCOME_CREATED }]);
});

it('stores nothing when one document has an error, and names every error of each', async () => {
  const details = await detailsOf(apply(text(`${disk('sound')}---\n${disk('LOUD', 'much')}`)));
  expect(details.code).toBe(status.INVALID_ARGUMENT);
  expect(details.fields.map(({ field }) => field).sort()).toEqual([
    'documents[1].metadata.name',
    'documents[1].spec.storage',
  ]);
  expect(await test.store.get('VMDisk', PROJECT, 'sound')).toBeUndefined();
});

it('does what is sound when it may do a part', async () => {
  const { reply } = await apply({ ...text(`${disk('sound')}---\n${disk('LOUD')}`), partial: true });
  expect(reply.results).toMatchObject([
    { name: 'sound', outcome: ManifestOutcome.MANIFEST_OUTCOME_CREATED },
    { outcome: ManifestOutcome.MANIFEST_OUTCOME_INVALID, error: { code: status.INVALID_ARGUMENT } },
  ]);
});

it('stores nothing when it is only to be checked', async () => {
  const { reply } = await apply({ ...text(disk('tried')), validateOnly: true });
  expect(reply.results).toMatchObject([{ outcome: ManifestOutcome.MANIFEST_OUTCOME_CREATED, operation: '' }]);
  expect(await test.store.get('VMDisk', PROJECT, 'tried')).toBeUndefined();
});

it('gives the same answer to the same request id', async () => {
  const request = { ...text(disk('once')), requestId: 'apply-1' };
  const first = await apply(request);
  const second = await apply(request);
  expect(second.reply).toEqual(first.reply);
  expect(second.metadata?.get('idempotency-replayed')).toEqual(['true']);
});

it('refuses a text that is no YAML', async () => {
  expect((await detailsOf(apply(text('a: [')))).code).toBe(status.INVALID_ARGUMENT);
  expect((await detailsOf(apply({}))).code).toBe(status.INVALID_ARGUMENT);
});
