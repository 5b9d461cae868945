/** What a real API server says of the chart's objects: their schemas, each of them by itself, and the pods that they make. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '@compute/kube-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenCluster } from '../../cluster/combination/open-cluster.ts';
import { dryRun, makeAccounts, openChartCluster } from './chart-cluster.ts';
import { call, exampleFile, examples, NAMESPACE, type PodTemplate, render, template, workloadsOf } from './helm.ts';
import { type OpenApi, schemaLocation, writeSchemas } from './openapi-schemas.ts';

let cluster: OpenCluster;
let schemas: string;

beforeAll(async () => {
  cluster = await openChartCluster();
  schemas = join(cluster.folder, 'schemas');
  mkdirSync(schemas);
  const count = writeSchemas(await cluster.admin.raw<OpenApi>('GET', '/openapi/v2'), schemas);
  expect(count).toBeGreaterThan(100);
});
afterAll(() => cluster?.close());

function kubeconform(file: string) {
  return call('kubeconform', [
    '-strict',
    '-summary',
    '-output',
    'json',
    '-schema-location',
    schemaLocation(schemas),
    file,
  ]);
}

interface Judgement {
  readonly resources: readonly { readonly name: string; readonly msg: string }[];
  readonly summary: {
    readonly valid: number;
    readonly invalid: number;
    readonly errors: number;
    readonly skipped: number;
  };
}

describe.each(examples())('with %s', (example) => {
  it('kubeconform finds every object of its kind, strictly', async () => {
    const file = join(cluster.folder, example);
    const { stdout } = await template('--values', exampleFile(example));
    writeFileSync(file, stdout);
    const { resources, summary } = JSON.parse((await kubeconform(file)).stdout) as Judgement;
    expect(resources).toEqual([]);
    expect(summary).toMatchObject({ invalid: 0, errors: 0, skipped: 0 });
    expect(summary.valid).toBeGreaterThan(5);
  });

  it('the server takes each object, with no field that it does not know', async () => {
    const objects = await render('--values', exampleFile(example));
    await makeAccounts(cluster, objects);
    for (const object of objects.filter(({ kind }) => kind !== 'ServiceAccount')) {
      await expect(dryRun(cluster, object), `${object.kind} ${object.metadata.name}`).resolves.toBeDefined();
    }
  });

  it('Pod Security lets its pods into a namespace of the profile restricted', async () => {
    const objects = await render('--values', exampleFile(example));
    await makeAccounts(cluster, objects);
    const pods = workloadsOf(objects).map(({ spec }) => podOf(spec.template));
    expect(pods.length).toBeGreaterThan(0);
    for (const pod of pods) await expect(dryRun(cluster, pod)).resolves.toBeDefined();
  });
});

it('kubeconform finds a field that the server does not know', async () => {
  const file = join(cluster.folder, 'wrong.yaml');
  const { stdout } = await template();
  writeFileSync(file, stdout.replace('serviceAccountName:', 'serviceAcountName:'));
  const { resources } = JSON.parse((await kubeconform(file)).stdout) as Judgement;
  expect(resources.map(({ msg }) => msg).join()).toContain("additional properties 'serviceAcountName' not allowed");
});

const VIOLATIONS: readonly [what: string, securityContext: object, words: string][] = [
  ['root', { runAsNonRoot: false }, 'runAsNonRoot != true'],
  ['more privileges than its parent', { allowPrivilegeEscalation: true }, 'allowPrivilegeEscalation != false'],
  ['a capability', { capabilities: { add: ['NET_ADMIN'] } }, 'unrestricted capabilities'],
];

it.each(VIOLATIONS)('the namespace does refuse a pod that wants %s', async (_what, securityContext, words) => {
  const objects = await render();
  await makeAccounts(cluster, objects);
  const [workload] = workloadsOf(objects);
  const pod = podOf(workload?.spec.template as PodTemplate);
  const [container] = pod.spec.containers;
  const wrong = { ...pod, spec: { ...pod.spec, containers: [{ ...container, securityContext }] } };
  await expect(dryRun(cluster, wrong)).rejects.toThrow(words);
});

/** A pod as its controller would make it. */
function podOf({ metadata, spec }: PodTemplate): KubeObject & { spec: PodTemplate['spec'] } {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'of-template', namespace: NAMESPACE, labels: metadata.labels },
    spec,
  };
}
