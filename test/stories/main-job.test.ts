import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KubeClient, resourceKind } from '@compute/kube-client';
import { VmInstance, VmInstanceServiceClient } from '@compute/proto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { grpcCall } from './grpc-call.ts';
import { allIn, type Manifest, RestClient } from './rest-client.ts';
import { RunningStack } from './running-stack.ts';

const EXAMPLES = fileURLToPath(new URL('../../deploy/dev/manifests/examples/', import.meta.url));
const OURS = [
  resourceKind({
    group: 'kubevirt.io',
    version: 'v1',
    kind: 'VirtualMachine',
    plural: 'virtualmachines',
    namespaced: true,
  }),
  resourceKind({
    group: 'kubevirt.io',
    version: 'v1',
    kind: 'VirtualMachineInstance',
    plural: 'virtualmachineinstances',
    namespaced: true,
  }),
  resourceKind({
    group: 'cdi.kubevirt.io',
    version: 'v1beta1',
    kind: 'DataVolume',
    plural: 'datavolumes',
    namespaced: true,
  }),
  resourceKind({
    group: '',
    version: 'v1',
    kind: 'PersistentVolumeClaim',
    plural: 'persistentvolumeclaims',
    namespaced: true,
  }),
  resourceKind({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }),
  resourceKind({ group: '', version: 'v1', kind: 'Service', plural: 'services', namespaced: true }),
  resourceKind({ group: '', version: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true }),
];
const MIME = { 'content-type': 'application/merge-patch+json' };

interface Quota {
  readonly series: Readonly<Record<string, Readonly<Record<string, { readonly used: number }>>>>;
  readonly storage: Readonly<Record<string, Readonly<Record<string, { readonly used: number }>>>>;
  readonly externalIps: { readonly used: number };
}
interface Usage {
  readonly items: readonly { readonly meter: string }[];
}
interface Transitions {
  readonly items: readonly {
    readonly kind: string;
    readonly name: string;
    readonly type: string;
    readonly to: string;
  }[];
}

// Real processes on a machine that may be busy with other tests: patience, not a measure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let stack: RunningStack;
let rest: RestClient;

beforeAll(async () => {
  stack = await RunningStack.start({ CLUSTER_TIME_SCALE: '10' });
  rest = new RestClient(() => stack.facts);
});
afterAll(async () => stack?.stop());

describe('the main job', () => {
  it('brings the specification’s production machine up, although its worker dies in the middle of the import', async () => {
    await rest.apply(stack.localExample);
    const [first] = stack.facts.pids.worker;
    await rest.watchUntil(
      ({ object }) => object?.metadata.name === 'prod-system' && (object.status.import?.percent ?? 0) > 0,
    );
    process.kill(Number(first), 'SIGKILL');
    await stack.command('worker', ['--detach']);

    const events = await rest.watchUntil(
      allIn({ 'prod-system': 'Ready', 'prod-data': 'Ready', 'vm-production': 'Running' }),
    );
    const percents = events.flatMap(({ object }) =>
      object?.metadata.name === 'prod-system' ? [object.status.import?.percent ?? 0] : [],
    );
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    const machines = await clusterObjects();
    expect(machines.filter((name) => name.startsWith('VirtualMachine/'))).toEqual([
      'VirtualMachine/vm-instance-vm-production',
    ]);
    expect(machines.filter((name) => name.startsWith('DataVolume/'))).toHaveLength(2);
  });

  it('shows the same machine over REST and gRPC', async () => {
    const overRest = await rest.json<Manifest>('vm-instances/vm-production');
    const { grpc, apiKey, project } = stack.facts;
    const client = new VmInstanceServiceClient(...grpcCall.connection(grpc));
    const overGrpc = await grpcCall.unary<VmInstance>((reply) =>
      client.getVmInstance(
        { project, name: 'vm-production', readMask: undefined, asOf: undefined },
        grpcCall.authorised(apiKey),
        reply,
      ),
    );
    client.close();
    expect(overGrpc.metadata?.uid).toBe(overRest.metadata.uid);
    expect(overGrpc.status?.addresses?.external).toBe(overRest.status.addresses?.external);
    expect(overRest.status.addresses?.external).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  });

  it('says that an unchanged manifest is unchanged', async () => {
    const applied = await rest.apply<{ items: readonly { result: string }[] }>(stack.localExample);
    expect(applied.items.map((item) => item.result)).toEqual(['unchanged', 'unchanged', 'unchanged']);
  });

  it('stops the machine when the spec says so, and starts it again as a new incarnation', async () => {
    const power = (running: boolean) =>
      rest.json('vm-instances/vm-production', {
        method: 'PATCH',
        headers: MIME,
        body: JSON.stringify({ spec: { running } }),
      });
    await power(false);
    await rest.watchUntil(allIn({ 'vm-production': 'Stopped' }));
    await power(true);
    await rest.watchUntil(allIn({ 'vm-production': 'Running' }));
  });

  it('meters what is held now', async () => {
    const { items } = await rest.json<Usage>('usage');
    expect([...new Set(items.map((item) => item.meter))].sort()).toEqual([
      'disk.allocated',
      'ip.held',
      'vm.allocated',
      'vm.running',
    ]);
  });

  it('leaves nothing behind when all of it is deleted, but its history and its bill', async () => {
    await rest.json('vm-instances/vm-production?withDisks=true', { method: 'DELETE' });
    const waiting = new Set(['vm-production', 'prod-system', 'prod-data']);
    await rest.watchUntil(({ type, object }) => {
      if (type === 'BOOKMARK') return false;
      if (type === 'DELETED') waiting.delete(object?.metadata.name ?? '');
      return waiting.size === 0;
    });

    expect(await clusterObjects()).toEqual([]);
    expect(usedOf(await rest.json<Quota>('quota'))).toEqual([]);
    const { items } = await rest.json<Transitions>('history?name=vm-production&pageSize=1000');
    const phases = items.filter(({ type }) => type === 'Phase').map(({ to }) => to);
    expect(phases).toEqual(expect.arrayContaining(['Pending', 'Running', 'Stopped', 'Deleting']));
    expect(await metersOfFeed()).toEqual(['disk.allocated', 'ip.held', 'vm.allocated', 'vm.running']);
  });
});

describe('a source that cannot be reached', () => {
  it.each([
    ['there is no such file', () => new URL('404', stack.facts.images).href, 'SourceNotFound'],
    ['there is no such host', () => 'https://cloud-images.invalid/noble.img', 'SourceHostNotFound'],
  ])('ends in Failed and says that %s', async (_, url, code) => {
    const name = code.toLowerCase();
    const manifest = {
      kind: 'VMDisk',
      apiVersion: 'apps.cozystack.io/v1alpha1',
      metadata: { name },
      spec: { source: { http: { url: url() } }, storage: '5Gi' },
    };
    await rest.apply(JSON.stringify(manifest));
    const events = await rest.watchUntil(allIn({ [name]: 'Failed' }));
    expect(events.at(-1)?.object?.status.failure).toMatchObject({ code, remedy: expect.stringMatching(/\w+/) });
    await rest.json(`vm-disks/${name}`, { method: 'DELETE' });
  });
});

it.each(['data-disk', 'production-complete', 'production-vm', 'ubuntu-disk', 'ubuntu-iso'])(
  'the specification’s %s.yaml is accepted as it is',
  async (file) => {
    const body = readFileSync(`${EXAMPLES}${file}.yaml`, 'utf8');
    const answer = await rest.call('manifests?dryRun=true', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/yaml' },
    });
    expect(await answer.json()).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ result: 'created' })]),
    });
    expect(answer.status).toBe(200);
  },
);

it('every part of the stack that offers metrics says that it is ready', async () => {
  const { metrics } = stack.facts;
  expect(metrics.length).toBeGreaterThan(1);
  const ready = await Promise.all(metrics.map(async (url) => (await fetch(new URL('/readyz', url))).status));
  expect(ready).toEqual(metrics.map(() => 200));
});

/** Everything of the project that the cluster still holds, as `Kind/name`. */
async function clusterObjects(): Promise<string[]> {
  const client = KubeClient.fromKubeconfigFile(stack.facts.cluster.kubeconfig);
  const { namespace } = await rest.json<{ namespace: string }>(`/v1/projects/${stack.facts.project}`);
  const lists = await Promise.all(OURS.map((kind) => client.list(kind, { namespace })));
  return lists.flatMap(({ items }, index) => items.map((item) => `${OURS[index]?.kind}/${item.metadata.name}`)).sort();
}

function usedOf({ series, storage, externalIps }: Quota): string[] {
  const groups = [...Object.entries(series), ...Object.entries(storage)];
  const used = groups.flatMap(([group, metrics]) =>
    Object.entries(metrics).flatMap(([metric, { used: amount }]) =>
      amount === 0 ? [] : [`${group} ${metric} ${amount}`],
    ),
  );
  return externalIps.used === 0 ? used : [...used, `externalIps ${externalIps.used}`];
}

/** The meters of all closed intervals, which are published in the background: the stream tells when they are there. */
async function metersOfFeed(): Promise<string[]> {
  const meters = new Set<string>();
  const stop = AbortSignal.timeout(60_000);
  const answer = await rest.call('/v1/usage/events/stream?project=demo', { signal: stop });
  const text = answer.body?.pipeThrough(new TextDecoderStream());
  if (text === undefined) throw new Error('The usage stream has no body.');
  for await (const chunk of text) {
    for (const [, meter] of chunk.matchAll(/"meter":"([a-z.]+)"/g)) meters.add(String(meter));
    if (meters.size === 4) return [...meters].sort();
  }
  throw new Error(`The usage stream ended with ${[...meters].join(', ')}.`);
}
