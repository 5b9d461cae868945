import { type KubeObject, resourceKind } from '@compute/kube-client';
import { describe, expect, it } from 'vitest';
import { events } from '../kinds.ts';
import { expectStory } from './expect-story.ts';
import { whole } from './image-source.ts';
import type { Stage } from './stage.ts';
import { sourceOf, stageOf } from './use-stage.ts';

const resourceQuotas = resourceKind({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
});

const pending = 'Pending | False/Pending | False | False';
const begins = [
  pending,
  '?ImportScheduled | False/Pending | False | False',
  '?Pending | False/Pending | False/ContainerCreating | False',
  '?ImportScheduled | False/Pending | False/ContainerCreating | False',
];
const runs = 'ImportInProgress | False/Pending | True/Pod is running | False/TransferRunning';
const ends = ['?Succeeded | False/Pending | False/Completed | True', 'Succeeded | True/Bound | False/Completed | True'];
const image = Buffer.alloc(10_000, 7);

async function limit(stage: Stage, hard: Record<string, string>): Promise<void> {
  const ref = { namespace: stage.namespace, name: 'q' };
  if ((await stage.client.get(resourceQuotas, ref)) !== undefined) {
    await stage.client.mergePatch(resourceQuotas, ref, { spec: { hard } });
    return;
  }
  const quota: KubeObject = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: ref, spec: { hard } };
  await stage.client.create(resourceQuotas, quota);
}

async function eventReasons(stage: Stage, name: string): Promise<(string | undefined)[]> {
  const { items } = await stage.client.list(events, { namespace: stage.namespace });
  return items.filter((event) => event.involvedObject.name === name).map((event) => event.reason);
}

describe('a disk that cannot have what it needs', () => {
  it('tells the story D7: storage quota, raised in two steps; each import needs twice the quota', async () => {
    const stage = await stageOf();
    const source = await sourceOf(whole(image));
    await limit(stage, { 'requests.storage': '1Gi' });
    await stage.dataVolume('d', { http: { url: source.url() } }, { size: '2Gi' });
    await stage.until('it was refused', () => stage.condition('d', 'Ready')?.reason === 'ErrExceededQuota');
    expect(stage.condition('d', 'Bound')?.message).toMatch(
      /^persistentvolumeclaims "d" is forbidden: exceeded quota: q,/,
    );
    await limit(stage, { 'requests.storage': '2500Mi' });
    await stage.until('the target fits', () => stage.condition('d', 'Bound')?.reason === 'Pending');
    await limit(stage, { 'requests.storage': '10Gi' });
    await stage.succeeds('d');
    expectStory(stage.story('d'), [
      'Pending | False/ErrExceededQuota | False | False/ErrExceededQuota',
      ...begins,
      runs,
      ...ends,
    ]);
    expect(await eventReasons(stage, 'd')).toContain('ErrCreatingPVCPrime');
  });

  it('tells the story D8: no pods allowed', async () => {
    const stage = await stageOf();
    const source = await sourceOf(whole(image));
    await limit(stage, { pods: '0' });
    await stage.dataVolume('d', { http: { url: source.url() } });
    await stage.reaches('d', 'ImportScheduled', 'ErrExceededQuota');
    expect(stage.condition('d', 'Running')?.message).toBe(
      `Error starting pod 'importer-${stage.prime()?.metadata.name}': For more information, request access to cdi-deploy logs from your sysadmin`,
    );
    await limit(stage, { pods: '5' });
    await stage.succeeds('d');
    expectStory(stage.story('d'), [
      pending,
      '?ImportScheduled | False/Pending | False | False',
      '?Pending | False/Pending | False/ErrExceededQuota | False',
      'ImportScheduled | False/Pending | False/ErrExceededQuota | False',
      '?ImportScheduled | False/Pending | False/ContainerCreating | False',
      runs,
      ...ends,
    ]);
  });

  it('tells the story D9: nobody knows how the class can be accessed', async () => {
    const stage = await stageOf();
    await stage.dataVolume('d', { blank: {} }, { className: 'test' });
    await stage.until('it was refused', () => stage.condition('d', 'Ready')?.reason === 'ErrClaimNotValid');
    expectStory(stage.story('d'), ['Pending | False/ErrClaimNotValid | False | False/ErrClaimNotValid']);
    expect(stage.latest('d')?.status?.phase).toBeUndefined();
    expect(stage.condition('d', 'Bound')?.message).toBe('no accessMode specified in StorageProfile test');
  });

  it('tells the story D9: the class does not exist', async () => {
    const stage = await stageOf();
    await stage.dataVolume('e', { blank: {} }, { className: 'nope', spec: 'pvc' });
    await stage.dataVolume('e2', { blank: {} }, { className: 'nope' });
    await stage.until('e waits', () => stage.condition('e', 'Bound')?.message?.includes('not found'));
    expect(stage.condition('e', 'Bound')?.message).toBe(
      'target PVC e Pending and storageclass.storage.k8s.io "nope" not found',
    );
    await stage.until('e2 was refused', () => stage.condition('e2', 'Bound')?.reason === 'ErrClaimNotValid');
    expect(stage.condition('e2', 'Bound')?.message).toBe(
      'PVC spec is missing accessMode and no storageClass to choose profile',
    );
  });

  it('tells the story D9: the storage is full, until it is not', async () => {
    const stage = await stageOf();
    stage.switches.update({ provisioningFailures: [{ name: 'f' }] });
    await stage.dataVolume('f', { blank: {} });
    const full = 'failed to provision volume with StorageClass "replicated": not enough space in storage pool';
    await stage.until('it says so', () => stage.condition('f', 'Bound')?.message?.includes(full));
    expect(stage.latest('f')?.status?.phase ?? 'Pending').toBe('Pending');
    stage.switches.reset();
    await stage.succeeds('f');
  });

  it('takes no claim that belongs to somebody else (D17)', async () => {
    const stage = await stageOf();
    await stage.client.create(
      { group: '', version: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims', namespaced: true },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'd', namespace: stage.namespace },
        spec: {
          storageClassName: 'replicated',
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
        },
      },
    );
    await stage.until('it is bound', () => stage.claim('d')?.status?.phase === 'Bound');
    await stage.dataVolume('d', { blank: {} });
    await stage.until('the status is written', () => stage.condition('d', 'Bound') !== undefined);
    expect(stage.story('d').at(-1)).toBe(' | True/Bound | False | False');
    expect(await eventReasons(stage, 'd')).toContain('ErrResourceExists');
  });

  it('stays as it was created when the DataSource it names is not there (D17)', async () => {
    const stage = await stageOf();
    await stage.client.create(
      { group: 'cdi.kubevirt.io', version: 'v1beta1', kind: 'DataVolume', plural: 'datavolumes', namespaced: true },
      {
        apiVersion: 'cdi.kubevirt.io/v1beta1',
        kind: 'DataVolume',
        metadata: { name: 'sr', namespace: stage.namespace },
        spec: {
          sourceRef: { kind: 'DataSource', name: 'nope', namespace: stage.namespace },
          storage: { resources: { requests: { storage: '1Gi' } } },
        },
      },
    );
    await stage.dataVolume('later', { blank: {} });
    await stage.succeeds('later');
    expect(stage.latest('sr')?.status).toBeUndefined();
  });
});
