import { describe, expect, it } from 'vitest';
import { persistentVolumeClaims, persistentVolumes, pods } from '../kinds.ts';
import { expectStory } from './expect-story.ts';
import { whole } from './image-source.ts';
import { sourceOf, stageOf } from './use-stage.ts';

const selectedNode = 'volume.kubernetes.io/selected-node';
const image = Buffer.alloc(10_000, 7);
const runs = 'ImportInProgress | False/Pending | True/Pod is running | False/TransferRunning';
const ends = ['?Succeeded | False/Pending | False/Completed | True', 'Succeeded | True/Bound | False/Completed | True'];

describe('a class that binds only for a consumer', () => {
  it('tells the story D10: with populators the disk waits in PendingPopulation for a pod', async () => {
    const stage = await stageOf();
    await stage.dataVolume('d', { blank: {} }, { className: 'local', annotations: {} });
    await stage.reaches('d', 'PendingPopulation');
    await stage.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'consumer', namespace: stage.namespace },
      spec: {
        containers: [{ name: 'main', image: 'x' }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'd' } }],
      },
    });
    await stage.succeeds('d');
    expectStory(stage.story('d'), [
      '?Pending | False/Pending | False | False',
      'PendingPopulation | False/Pending | False | False',
      '?ImportScheduled | False/Pending | False | False',
      '?PendingPopulation | False/Pending | False/ContainerCreating | False',
      '?ImportScheduled | False/Pending | False/ContainerCreating | False',
      runs,
      ...ends,
    ]);
    await stage.until('the consumer runs', () => stage.pod('consumer')?.status?.phase === 'Running');
    const chosen = stage.claim('d')?.metadata.annotations?.[selectedNode];
    expect(stage.pod('consumer')?.spec.nodeName).toBe(chosen);
    const volume = await stage.client.get(persistentVolumes, { name: stage.claim('d')?.spec.volumeName ?? '' });
    expect(JSON.stringify(volume?.spec.nodeAffinity)).toContain(chosen);
  });

  it('tells the story D11: bound at once on request, the importer is the first consumer', async () => {
    const stage = await stageOf();
    const source = await sourceOf(whole(image));
    await stage.dataVolume('d', { http: { url: source.url() } }, { className: 'local' });
    await stage.succeeds('d');
    expectStory(stage.story('d'), [
      'Pending | False/Pending | False | False',
      '?ImportScheduled | False/Pending | False | False',
      '?Pending | False/Pending | False/ContainerCreating | False',
      '?ImportScheduled | False/Pending | False/ContainerCreating | False',
      runs,
      ...ends,
    ]);
  });

  it('tells the story D12: without populators the disk waits in WaitForFirstConsumer', async () => {
    const stage = await stageOf();
    await stage.dataVolume('d', { blank: {} }, { className: 'wffc', spec: 'pvc', annotations: {} });
    await stage.reaches('d', 'WaitForFirstConsumer');
    const ref = { namespace: stage.namespace, name: 'd' };
    const annotations = { [selectedNode]: 'node1' };
    await stage.client.mergePatch(persistentVolumeClaims, ref, { metadata: { annotations } });
    await stage.succeeds('d');
    expectStory(stage.story('d'), [
      '?Pending | False/Pending | False | False',
      'WaitForFirstConsumer | False/Pending | False | False',
      '?PVCBound | False/Pending | False | False',
      '?PVCBound | True/Bound | False | False',
      '?ImportScheduled | False/Pending | False | False',
      '?ImportScheduled | True/Bound | False | False',
      '?ImportScheduled | True/Bound | False/ContainerCreating | False',
      'ImportInProgress | True/Bound | True/Pod is running | False/TransferRunning',
      'Succeeded | True/Bound | False/Completed | True',
    ]);
    expect(stage.story('d').some((row) => row.startsWith('PVCBound') || row.startsWith('ImportScheduled'))).toBe(true);
  });
});
