import { describe, expect, it } from 'vitest';
import { nodes, type Pod, pods } from '../kinds.ts';
import type { Stage } from '../stories/stage.ts';
import { stageOf } from '../stories/use-stage.ts';

const pod = (
  stage: Stage,
  name: string,
  requests: Record<string, string> = {},
  spec: Partial<Pod['spec']> = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: stage.namespace },
  spec: { containers: [{ name: 'main', image: 'x', resources: { requests } }], ...spec },
});

const scheduled = (stage: Stage, name: string) =>
  stage.pod(name)?.status?.conditions?.find((condition) => condition.type === 'PodScheduled');

describe('the scheduler', () => {
  it('spreads pods by the memory that is asked for', async () => {
    const stage = await stageOf();
    for (const name of ['a', 'b', 'c']) await stage.create(pods, pod(stage, name, { memory: '10Gi' }));
    await stage.until('all run', () => ['a', 'b', 'c'].every((name) => stage.pod(name)?.status?.phase === 'Running'));
    expect(new Set(stage.pods().map((one) => one.spec.nodeName)).size).toBe(3);
  });

  it('says why nothing fits, and tries again when room is made', async () => {
    const stage = await stageOf();
    await stage.create(pods, pod(stage, 'big', { memory: '600Gi' }));
    await stage.until('it is refused', () => scheduled(stage, 'big')?.reason === 'Unschedulable');
    expect(scheduled(stage, 'big')?.message).toBe('0/3 nodes are available: 3 Insufficient memory.');
    const allocatable = { memory: '1Ti' };
    await stage.client.mergePatch(nodes, { name: 'node2' }, { status: { allocatable } }, { subresource: 'status' });
    await stage.until('it runs', () => stage.pod('big')?.status?.phase === 'Running');
    expect(stage.pod('big')?.spec.nodeName).toBe('node2');
    expect(scheduled(stage, 'big')?.status).toBe('True');
  });

  it('never gives the same huge pages to two pods', async () => {
    const stage = await stageOf();
    const allocatable = { 'hugepages-2Mi': '4Gi' };
    for (const name of ['node1', 'node2', 'node3']) {
      await stage.client.mergePatch(nodes, { name }, { status: { allocatable } }, { subresource: 'status' });
    }
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map((name) => stage.create(pods, pod(stage, name, { 'hugepages-2Mi': '3Gi' }))));
    await stage.until('one is refused', () => names.some((name) => scheduled(stage, name)?.reason === 'Unschedulable'));
    await stage.until('three run', () => stage.pods().filter((one) => one.status?.phase === 'Running').length === 3);
    const refused = names.find((name) => scheduled(stage, name)?.status === 'False') ?? '';
    expect(scheduled(stage, refused)?.message).toBe('0/3 nodes are available: 3 Insufficient hugepages-2Mi.');
    const winner = stage.pods().find((one) => one.status?.phase === 'Running')?.metadata ?? { name: '' };
    await stage.client.delete(pods, winner);
    await stage.until('it has its turn', () => stage.pod(refused)?.status?.phase === 'Running');
  });

  it('names a claim that is not there', async () => {
    const stage = await stageOf();
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'nope' } }];
    await stage.create(pods, pod(stage, 'p', {}, { volumes }));
    await stage.until('it is refused', () => scheduled(stage, 'p')?.reason === 'Unschedulable');
    expect(scheduled(stage, 'p')?.message).toBe('persistentvolumeclaim "nope" not found');
  });
});
