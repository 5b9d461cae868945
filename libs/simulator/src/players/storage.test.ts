import { describe, expect, it } from 'vitest';
import { events, type PersistentVolumeClaim, persistentVolumeClaims, persistentVolumes, pods } from '../kinds.ts';
import type { Stage } from '../stories/stage.ts';
import { stageOf } from '../stories/use-stage.ts';

const claim = (stage: Stage, name: string, storageClassName = 'replicated'): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: stage.namespace },
  spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
});

const phaseOf = (stage: Stage, name: string) => stage.claim(name)?.status?.phase;

describe('the storage', () => {
  it('makes a volume for a claim and tells both steps', async () => {
    const stage = await stageOf();
    await stage.create(persistentVolumeClaims, claim(stage, 'c'));
    await stage.until('it is bound', () => phaseOf(stage, 'c') === 'Bound');
    const bound = stage.claim('c');
    expect(bound?.status).toMatchObject({ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] });
    expect(bound?.spec.volumeName).toBe(`pvc-${bound?.metadata.uid}`);
    const told = () =>
      stage.informers
        .of(events)
        .list()
        .map((event) => event.reason);
    await stage.until('both are told', () => told().includes('ProvisioningSucceeded'));
    expect(told()).toContain('Provisioning');
  });

  it('lets capacity follow the request when a claim grows', async () => {
    const stage = await stageOf();
    await stage.create(persistentVolumeClaims, claim(stage, 'c'));
    await stage.until('it is bound', () => phaseOf(stage, 'c') === 'Bound');
    const resources = { requests: { storage: '3Gi' } };
    await stage.client.mergePatch(
      persistentVolumeClaims,
      { namespace: stage.namespace, name: 'c' },
      { spec: { resources } },
    );
    await stage.until('it has grown', () => stage.claim('c')?.status?.capacity?.storage === '3Gi');
    const volume = await stage.client.get(persistentVolumes, { name: stage.claim('c')?.spec.volumeName ?? '' });
    expect(volume?.spec.capacity.storage).toBe('3Gi');
  });

  it('keeps a deleted claim while a pod uses it, and removes its volume afterwards', async () => {
    const stage = await stageOf();
    await stage.create(persistentVolumeClaims, claim(stage, 'c'));
    const user = { name: 'user', namespace: stage.namespace };
    await stage.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: user,
      spec: {
        containers: [{ name: 'main', image: 'x' }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
      },
    });
    await stage.until('the user runs', () => stage.pod('user')?.status?.phase === 'Running');
    await stage.client.delete(persistentVolumeClaims, { namespace: stage.namespace, name: 'c' });
    await stage.until('it is to go', () => stage.claim('c')?.metadata.deletionTimestamp !== undefined);
    expect(phaseOf(stage, 'c')).toBe('Bound');
    await stage.client.delete(pods, user);
    await stage.until(
      'all is gone',
      () => stage.claim('c') === undefined && stage.informers.of(persistentVolumes).size === 0,
    );
  });

  it('takes longer where it is told to, and no longer than that', async () => {
    const stage = await stageOf();
    stage.switches.update({ slowProvisioning: [{ name: 'slow', delayMs: 1e9 }] });
    await stage.create(persistentVolumeClaims, claim(stage, 'slow'));
    await stage.create(persistentVolumeClaims, claim(stage, 'quick'));
    await stage.until('the other is bound', () => phaseOf(stage, 'quick') === 'Bound');
    expect(phaseOf(stage, 'slow')).toBe('Pending');
    stage.switches.reset();
    await stage.until('it is bound', () => phaseOf(stage, 'slow') === 'Bound');
  });

  it('says what a claim of a waiting class waits for', async () => {
    const stage = await stageOf();
    await stage.create(persistentVolumeClaims, claim(stage, 'c', 'local'));
    const told = stage.informers.of(events);
    await stage.until('it says so', () => told.list().some((event) => event.reason === 'WaitForFirstConsumer'));
    expect(phaseOf(stage, 'c')).toBe('Pending');
  });

  it('installs its fixtures twice without harm', async () => {
    const stage = await stageOf();
    const { installFixtures } = await import('./fixtures.ts');
    await installFixtures(stage.client);
    expect(stage.errors).toEqual([]);
  });
});
