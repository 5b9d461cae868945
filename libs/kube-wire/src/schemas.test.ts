/** Schemas of the cluster's kinds, over HTTP: pruning, warnings, refusals, OpenAPI. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fields } from './protocol/kube-object.ts';
import { readPath } from './protocol/kube-object.ts';
import { paths, pod, startTestCluster, type TestCluster, virtualMachine } from './testing/test-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster[Symbol.asyncDispose]());

const misspelt = (name: string): Fields => virtualMachine(name, { runStrategi: 'Always' });

describe('fields the schema does not know', () => {
  it('are pruned with a warning by default', async () => {
    const { status, body, headers } = await cluster.post(paths.machines, misspelt('warned'));
    expect([status, headers.warning]).toEqual([201, '299 - "unknown field \\"spec.runStrategi\\""']);
    expect(readPath(body, 'spec.runStrategi')).toBeUndefined();
  });

  it('are pruned silently when asked to', async () => {
    const { status, headers } = await cluster.post(`${paths.machines}?fieldValidation=Ignore`, misspelt('ignored'));
    expect([status, headers.warning]).toEqual([201, undefined]);
  });

  it('are refused when strict', async () => {
    const { status, body } = await cluster.post(`${paths.machines}?fieldValidation=Strict`, misspelt('strict'));
    expect([status, body.message]).toEqual([
      400,
      'VirtualMachine in version "v1" cannot be handled as a VirtualMachine: strict decoding error: unknown field "spec.runStrategi"',
    ]);
  });

  it('fail a server-side apply with the 500 of kube-apiserver', async () => {
    const { status, body } = await cluster.apply(`${paths.machines}/applied`, misspelt('applied'), 'one');
    expect([status, body.reason, body.message]).toEqual([
      500,
      undefined,
      'failed to create typed patch object (default/applied; kubevirt.io/v1, Kind=VirtualMachine): .spec.runStrategi: field not declared in schema',
    ]);
  });
});

describe('the status of a custom resource', () => {
  it('keeps fields the schema does not know, at any depth, and nulls', async () => {
    await cluster.post(paths.machines, virtualMachine('newer'));
    const conditions = [{ type: 'Ready', status: 'True', lastProbeTime: null, novelty: { a: 1 } }];
    const { body } = await cluster.mergePatch(`${paths.machines}/newer/status`, { status: { conditions, other: 1 } });
    expect(body.status).toEqual({ conditions, other: 1 });
  });
});

describe('values that do not fit', () => {
  it('are refused with the field', async () => {
    const { status, body } = await cluster.post(paths.machines, virtualMachine('typed', { runStrategy: 5 }));
    expect(status).toBe(422);
    expect(body.details).toMatchObject({ causes: [{ reason: 'FieldValueTypeInvalid', field: 'spec.runStrategy' }] });
  });

  it('fail a server-side apply', async () => {
    const configuration = virtualMachine('mistyped', { runStrategy: 5 });
    const { body } = await cluster.apply(`${paths.machines}/mistyped`, configuration, 'one');
    expect(body.message).toContain('.spec.runStrategy: expected string, got integer');
  });

  it('are missed where a custom resource requires them', async () => {
    const incomplete = { ...virtualMachine('incomplete'), spec: { runStrategy: 'Always' } };
    expect((await cluster.post(paths.machines, incomplete)).body.message).toBe(
      'VirtualMachine.kubevirt.io "incomplete" is invalid: spec.template: Required value',
    );
  });

  it('may be left out of an applied part, but not of the result', async () => {
    await cluster.apply(`${paths.machines}/partly`, virtualMachine('partly'), 'one');
    const part = {
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachine',
      metadata: { name: 'partly' },
      spec: { runStrategy: 'Always' },
    };
    expect((await cluster.apply(`${paths.machines}/partly`, part, 'two')).status).toBe(200);
    expect(
      (await cluster.apply(`${paths.machines}/absent`, { ...part, metadata: { name: 'absent' } }, 'two')).status,
    ).toBe(422);
  });

  it('given twice in a keyed list fail a server-side apply', async () => {
    const container = { name: 'main', image: 'i' };
    const { body } = await cluster.apply(
      `${paths.pods}/doubled`,
      pod('doubled', { containers: [container, container] }),
      'one',
    );
    expect(body.message).toBe(
      'failed to create typed patch object (default/doubled; /v1, Kind=Pod): .spec.containers: duplicate entries for key [name="main"]',
    );
  });

  it('of built-in kinds may be null', async () => {
    const { status } = await cluster.post(paths.pods, pod('nulls', { nodeSelector: null, tolerations: null }));
    expect(status).toBe(201);
  });
});

describe('OpenAPI', () => {
  it('v3 has a document for every group and version', async () => {
    const index = (await cluster.get('/openapi/v3')).body.paths as Record<string, { serverRelativeURL: string }>;
    expect(Object.keys(index)).toEqual(
      expect.arrayContaining(['api/v1', 'apis/kubevirt.io/v1', 'apis/cdi.kubevirt.io/v1beta1']),
    );
    const url = index['apis/kubevirt.io/v1']?.serverRelativeURL ?? '';
    const { body } = await cluster.get(url);
    const schema = readPath(body, 'components.schemas') as Record<string, Fields>;
    const machine = Object.values(schema).find((each) =>
      JSON.stringify(each['x-kubernetes-group-version-kind'])?.includes('"VirtualMachine"'),
    );
    expect(readPath(machine, 'properties.spec.properties.runStrategy')).toEqual({ type: 'string' });
  });

  it('v2 is JSON, bare Protobuf for kubectl, or 406', async () => {
    expect((await cluster.get('/openapi/v2')).body.swagger).toBe('2.0');
    expect(
      (await cluster.get('/openapi/v2', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf')).status,
    ).toBe(200);
    expect((await cluster.get('/openapi/v2', 'application/octet-stream')).status).toBe(406);
  });
});
