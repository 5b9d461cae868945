import { describe, expect, it } from 'vitest';
import { dataVolumes, persistentVolumeClaims, persistentVolumes } from '../kinds.ts';
import { expectStory } from './expect-story.ts';
import { Valve, whole } from './image-source.ts';
import type { Stage } from './stage.ts';
import { sourceOf, stageOf } from './use-stage.ts';

const begins = [
  'Pending | False/Pending | False | False',
  '?ImportScheduled | False/Pending | False | False',
  '?Pending | False/Pending | False/ContainerCreating | False',
  '?ImportScheduled | False/Pending | False/ContainerCreating | False',
];
const runs = 'ImportInProgress | False/Pending | True/Pod is running | False/TransferRunning';

/** Deletes a claim's volume and takes its finalizers away. */
async function loseVolume(stage: Stage, claimName: string): Promise<void> {
  const name = stage.claims().find(({ metadata }) => metadata.name === claimName)?.spec.volumeName ?? '';
  await stage.client.delete(persistentVolumes, { name });
  await stage.client.mergePatch(persistentVolumes, { name }, { metadata: { finalizers: null } });
}

describe('a lost volume', () => {
  it('tells the story D19: of a finished disk, whose claim is then deleted', async () => {
    const stage = await stageOf();
    await stage.dataVolume('d', { blank: {} });
    await stage.succeeds('d');
    await stage.until('the prime is gone', () => stage.claims().length === 1);
    await loseVolume(stage, 'd');
    await stage.until('it is lost', () => stage.condition('d', 'Bound')?.reason === 'ClaimLost');
    expect(stage.condition('d', 'Bound')?.message).toBe('Claim Lost');
    const lostUid = stage.claim('d')?.metadata.uid;
    stage.switches.update({ slowProvisioning: [{ name: 'd', delayMs: 1e9 }] });
    await stage.client.delete(persistentVolumeClaims, { namespace: stage.namespace, name: 'd' });
    await stage.until('a new claim is filled', () => {
      const claim = stage.claim('d');
      return claim !== undefined && claim.metadata.uid !== lostUid && stage.pod('importer') !== undefined;
    });
    await stage.until('the status says so', () => stage.condition('d', 'Bound')?.reason === 'Pending');
    expectStory(stage.story('d'), [
      ...begins,
      runs,
      '?Succeeded | False/Pending | False/Completed | True',
      'Succeeded | True/Bound | False/Completed | True',
      'Succeeded | False/ClaimLost | False/Completed | True',
      '?Succeeded | False/NotFound | False | True',
      'Succeeded | False/Pending | False | True',
    ]);
    expect(stage.latest('d')?.status?.progress).toBe('N/A');
  });

  it('tells the story D19b: without populators the import is Failed while its pod runs on', async () => {
    const stage = await stageOf();
    const valve = new Valve(100_000);
    const source = await sourceOf(valve.serve);
    await stage.dataVolume('d', { http: { url: source.url() } }, { spec: 'pvc', className: 'test' });
    await valve.opened();
    await stage.reaches('d', 'ImportInProgress', 'Pod is running');
    await loseVolume(stage, 'd');
    await stage.reaches('d', 'Failed');
    expect(stage.story('d').at(-1)).toBe('Failed | False/ClaimLost | True/Pod is running | False/TransferRunning');
  });

  it('tells the story D19c: of a prime claim, which only the Bound message shows', async () => {
    const stage = await stageOf();
    const valve = new Valve(100_000);
    const source = await sourceOf(valve.serve);
    await stage.dataVolume('d', { http: { url: source.url() } });
    await valve.opened();
    await stage.reaches('d', 'ImportInProgress', 'Pod is running');
    await loseVolume(stage, stage.prime()?.metadata.name ?? '');
    await stage.until('it is told', () =>
      stage.condition('d', 'Bound')?.message?.includes('has lost its PersistentVolume'),
    );
    expectStory(stage.story('d'), [...begins, runs]);
    expect(stage.condition('d', 'Bound')?.message).toMatch(
      /^target PVC d Pending and \[prime-[^\]]+\] : Bound claim has lost/,
    );
  });
});

describe('a disk that is deleted', () => {
  async function everythingIsGone(stage: Stage): Promise<void> {
    await stage.client.delete(dataVolumes, { namespace: stage.namespace, name: 'd' });
    await stage.until('claims and pods are gone', () => stage.claims().length === 0 && stage.pods().length === 0);
    await stage.until('volumes are gone', () => stage.informers.of(persistentVolumes).size === 0);
  }

  it('tells the story D20: while importing; the download stops and nothing is left', async () => {
    const stage = await stageOf();
    const valve = new Valve(100_000);
    const closed = Promise.withResolvers<void>();
    const source = await sourceOf((request, response) => {
      if (request.method === 'GET') response.on('close', () => closed.resolve());
      valve.serve(request, response);
    });
    await stage.dataVolume('d', { http: { url: source.url() } });
    await valve.opened();
    await stage.reaches('d', 'ImportInProgress', 'Pod is running');
    await everythingIsGone(stage);
    await closed.promise;
    expectStory(stage.story('d'), [...begins, runs]);
    expect(stage.errors).toEqual([]);
  });

  it('is gone in every phase: before it is bound, in back-off, and when it is done', async () => {
    const stage = await stageOf();
    stage.switches.update({ slowProvisioning: [{ delayMs: 1e9 }] });
    await stage.dataVolume('d', { blank: {} });
    await stage.until('it waits', () => stage.pod('importer') !== undefined);
    await everythingIsGone(stage);
    stage.switches.reset();
    const source = await sourceOf((_request, response) => response.writeHead(503).end());
    await stage.dataVolume('d', { http: { url: source.url() } });
    await stage.until('it fails', () => stage.latest('d')?.status?.restartCount === 1);
    await everythingIsGone(stage);
    source.serveWith(whole(Buffer.alloc(1000)));
    await stage.dataVolume('d', { http: { url: source.url() } });
    await stage.succeeds('d');
    await everythingIsGone(stage);
  });
});
