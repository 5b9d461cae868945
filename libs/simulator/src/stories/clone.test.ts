import { describe, expect, it } from 'vitest';
import { annotation } from '../cdi/annotations.ts';
import { dataSources, dataVolumes, events, namespaces, pods, volumeCloneSources } from '../kinds.ts';
import { expectStory } from './expect-story.ts';
import type { Stage } from './stage.ts';
import { stageOf } from './use-stage.ts';

const clones = [
  '?Pending | False/Pending | False | False',
  'CloneScheduled | False/Pending | False | False',
  '?CloneScheduled | False/Pending | True/Populator is running | False/TransferRunning',
  'CloneInProgress | False/Pending | True/Populator is running | False/TransferRunning',
  'CloneInProgress | False/Pending | True/Pod is running | False/TransferRunning',
  '?CloneInProgress | False/Pending | False/Pod is running | False',
  '?CloneInProgress | True/Bound | True/Pod is running | False/TransferRunning',
  '?CloneInProgress | True/Bound | False/Pod is running | False',
  'Succeeded | True/Bound | False/Completed | True',
];

async function sourceDisk(stage: Stage, size = '1Mi'): Promise<void> {
  await stage.dataVolume('src', { blank: {} }, { size });
  await stage.succeeds('src');
  await stage.until('its prime is gone', () => stage.claims().length === 1 && stage.pods().length === 0);
}

describe('a clone of a claim', () => {
  it('tells the story D15: copied by pods, with progress', async () => {
    const stage = await stageOf({ times: { cloneMs: 8_000 } });
    await sourceDisk(stage);
    await stage.dataVolume('d', { pvc: { namespace: stage.namespace, name: 'src' } });
    await stage.succeeds('d');
    expectStory(stage.story('d'), clones);
    expect(stage.condition('d', 'Running')?.message).toBe('Clone Complete');
    const progress = stage.progress('d');
    expect(progress[0]).toBe('N/A');
    expect(progress.at(-1)).toBe('100.0%');
    expect(progress.slice(1, -1).some((value) => /^\d+\.\d\d%$/.test(value))).toBe(true);
    expect(stage.claim('d')?.metadata.annotations).toMatchObject({
      [annotation.clonePhase]: 'Succeeded',
      [annotation.cloneType]: 'copy',
      [annotation.cloneOf]: 'true',
    });
  });

  it('leaves nothing of its tools behind', async () => {
    const stage = await stageOf();
    await sourceDisk(stage);
    await stage.dataVolume('d', { pvc: { namespace: stage.namespace, name: 'src' } });
    await stage.succeeds('d');
    await stage.until('the tools are gone', () => stage.claims().length === 2 && stage.pods().length === 0);
    await stage.until('the source object is gone', () => stage.informers.of(volumeCloneSources).size === 0);
    expect(stage.errors).toEqual([]);
  });

  it('waits while the source is in use and says so', async () => {
    const stage = await stageOf();
    await sourceDisk(stage);
    const user = { name: 'user', namespace: stage.namespace };
    await stage.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: user,
      spec: {
        containers: [{ name: 'main', image: 'x' }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'src' } }],
      },
    });
    await stage.until('the user runs', () => stage.pod('user')?.status?.phase === 'Running');
    await stage.dataVolume('d', { pvc: { namespace: stage.namespace, name: 'src' } });
    const told = stage.informers.of(events);
    await stage.until('it says so', () => told.list().some((event) => event.reason === 'CloneSourceInUse'));
    expect(stage.latest('d')?.status?.phase).toBe('CloneScheduled');
    await stage.client.delete(pods, user);
    await stage.succeeds('d');
  });

  it('waits for a source that is not there (D17)', async () => {
    const stage = await stageOf();
    await stage.dataVolume('c', { pvc: { namespace: stage.namespace, name: 'src' } });
    await stage.until('it says so', () => stage.condition('c', 'Bound')?.reason === 'CloneWithoutSource');
    expect(stage.condition('c', 'Bound')?.message).toBe("The source pvc src doesn't exist");
    expect(stage.story('c')).toContain(' | False/CloneWithoutSource | False | False/CloneWithoutSource');
    await stage.dataVolume('src', { blank: {} });
    await stage.succeeds('c');
  });

  it('refuses a target smaller than the source (D17)', async () => {
    const stage = await stageOf();
    await sourceDisk(stage, '4Mi');
    await stage.dataVolume('c2', { pvc: { namespace: stage.namespace, name: 'src' } }, { size: '2Mi' });
    await stage.reaches('c2', 'CloneScheduled', 'Error');
    expect(stage.condition('c2', 'Running')?.message).toBe(
      'target resources requests storage size is smaller than the source 2097152 < 4194304',
    );
  });

  it('finds its source through a DataSource, in another namespace, and takes its size', async () => {
    const stage = await stageOf();
    await stage.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'images' } });
    await stage.create(dataVolumes, {
      apiVersion: 'cdi.kubevirt.io/v1beta1',
      kind: 'DataVolume',
      metadata: { name: 'golden', namespace: 'images' },
      spec: {
        source: { blank: {} },
        storage: { storageClassName: 'replicated', resources: { requests: { storage: '3Mi' } } },
      },
    });
    await stage.succeeds('golden');
    await stage.create(dataSources, {
      apiVersion: 'cdi.kubevirt.io/v1beta1',
      kind: 'DataSource',
      metadata: { name: 'ubuntu', namespace: 'images' },
      spec: { source: { pvc: { name: 'golden', namespace: 'images' } } },
    });
    await stage.create(dataVolumes, {
      apiVersion: 'cdi.kubevirt.io/v1beta1',
      kind: 'DataVolume',
      metadata: { name: 'd', namespace: stage.namespace },
      spec: {
        sourceRef: { kind: 'DataSource', name: 'ubuntu', namespace: 'images' },
        storage: { storageClassName: 'replicated' },
      },
    });
    await stage.succeeds('d');
    expect(stage.claim('d')?.status?.capacity?.storage).toBe('3145728');
  });
});
