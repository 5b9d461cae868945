import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeClient } from '@compute/kube-client';
import { clusterKinds, type KubeServer, startKubeServer } from '@compute/kube-wire';
import { afterEach, expect, test } from 'vitest';
import { persistentVolumeClaims } from '../kinds.ts';
import { factsOf } from './truth-intervals.ts';
import { TruthLog } from './truth-log.ts';

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function serve(): Promise<{ server: KubeServer; client: KubeClient }> {
  const server = await startKubeServer({ kinds: clusterKinds });
  opened.push(() => server.close());
  const client = KubeClient.fromKubeconfigText(server.kubeconfig());
  opened.push(() => client.close());
  return { server, client };
}

const claim = (storage: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'd', namespace: 'default' },
  spec: { storageClassName: 'replicated', accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
});

test('a claim is one interval for each size, from its creation to its end', async () => {
  const { server, client } = await serve();
  const log = new TruthLog();
  log.follow(server.store);
  await client.create(persistentVolumeClaims, claim('1Gi'));
  const bound = { status: { phase: 'Bound' } };
  await client.mergePatch(persistentVolumeClaims, { namespace: 'default', name: 'd' }, bound, {
    subresource: 'status',
  });
  await client.mergePatch(
    persistentVolumeClaims,
    { namespace: 'default', name: 'd' },
    { metadata: { labels: { a: 'b' } } },
  );
  await client.mergePatch(
    persistentVolumeClaims,
    { namespace: 'default', name: 'd' },
    { spec: { resources: { requests: { storage: '2Gi' } } } },
  );
  const [first, second, ...rest] = log.intervals({ meter: 'pvc.exists' });
  expect(rest).toEqual([]);
  expect(first).toMatchObject({ name: 'd', detail: { bytes: 2 ** 30, storageClass: 'replicated' } });
  expect(first?.to).toBe(second?.from);
  expect(second).toMatchObject({ detail: { bytes: 2 ** 31 } });
  expect(second).not.toHaveProperty('to');
});

test('intervals survive a restart, and what is gone meanwhile is closed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'truth-'));
  opened.push(async () => rmSync(folder, { recursive: true }));
  const file = join(folder, 'truth.ndjson');
  const first = await serve();
  new TruthLog(file).follow(first.server.store);
  await first.client.create(persistentVolumeClaims, claim('1Gi'));
  const again = new TruthLog(file);
  expect(again.intervals()).toHaveLength(1);
  again.follow((await serve()).server.store);
  expect(again.intervals()[0]).toHaveProperty('to');
});

test('a guest that is paused still runs', () => {
  const vmi = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name: 'v', namespace: 'n', uid: 'u' },
    spec: {},
    status: { phase: 'Running', conditions: [{ type: 'Paused', status: 'True' }] },
  };
  const meters = factsOf('virtualmachineinstances.kubevirt.io', vmi).map(({ meter }) => meter);
  expect(meters).toEqual(['vmi.running', 'vmi.paused']);
});
