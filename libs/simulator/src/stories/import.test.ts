import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { annotation } from '../cdi/annotations.ts';
import { type Condition, pods } from '../kinds.ts';
import { expectStory } from './expect-story.ts';
import { qcow2Header, refused, Valve, whole } from './image-source.ts';
import { sourceOf, stageOf } from './use-stage.ts';

const image = Buffer.alloc(50_000, 7);
const notFound =
  'Unable to process data: Unable to connect to http data source: expected status code 200, got 404. Status: 404 Not Found';

const begins = [
  'Pending | False/Pending | False | False',
  '?ImportScheduled | False/Pending | False | False',
  '?Pending | False/Pending | False/ContainerCreating | False',
  '?ImportScheduled | False/Pending | False/ContainerCreating | False',
];
const runs = 'ImportInProgress | False/Pending | True/Pod is running | False/TransferRunning';
const fails = 'ImportInProgress | False/Pending | False/Error | False';
const ends = ['?Succeeded | False/Pending | False/Completed | True', 'Succeeded | True/Bound | False/Completed | True'];

describe('an import from HTTP', () => {
  it('tells the story D1: storage, CSI class, real progress', async () => {
    const stage = await stageOf();
    const valve = new Valve(100_000);
    const source = await sourceOf(valve.serve);
    await stage.dataVolume('d', { http: { url: source.url() } });
    await valve.opened();
    await stage.until('progress begins', () => stage.latest('d')?.status?.progress === '0.00%');
    for (const percent of [0.5, 13.37, 42, 99.9]) {
      valve.sendUpTo(percent);
      await stage.until(`${percent}`, () => stage.latest('d')?.status?.progress === `${percent.toFixed(2)}%`);
    }
    valve.sendUpTo(100);
    await stage.succeeds('d');
    expectStory(stage.story('d'), [...begins, runs, ...ends]);
    expect(stage.progress('d')).toEqual(['N/A', '0.00%', '0.50%', '13.37%', '42.00%', '99.90%', '100.0%']);
    expect(stage.condition('d', 'Running')?.message).toBe('Import Complete');
    expect(stage.condition('d', 'Bound')?.message).toBe('PVC d Bound');
    expect(stage.errors).toEqual([]);
  });

  it('leaves only the claim and its volume behind: no prime, no pod, no source object', async () => {
    const stage = await stageOf();
    const source = await sourceOf(whole(image));
    const created = await stage.dataVolume('d', { http: { url: source.url() } });
    await stage.succeeds('d');
    await stage.until('its tools are gone', () => stage.claims().length === 1 && stage.pods().length === 0);
    const claim = stage.claim('d');
    expect(claim?.metadata.annotations).toMatchObject({
      [annotation.createdForDataVolume]: created.metadata.uid,
      [annotation.podPhase]: 'Succeeded',
      [annotation.populatorProgress]: '100.0%',
      [annotation.usePopulator]: 'true',
    });
    expect(claim?.spec).toMatchObject({ accessModes: ['ReadWriteMany'], volumeMode: 'Block' });
    expect(claim?.spec.resources?.requests?.storage).toBe('1048576');
    expect(source.requests).toEqual(['HEAD /disk.img', 'GET /disk.img']);
  });

  it('tells the story D2: pvc, same class', async () => {
    const stage = await stageOf();
    const source = await sourceOf(whole(image));
    await stage.dataVolume('d', { http: { url: source.url() } }, { spec: 'pvc' });
    await stage.succeeds('d');
    expectStory(stage.story('d'), [...begins, runs, ...ends]);
    expect(stage.claim('d')?.spec).toMatchObject({ accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' });
  });

  it('tells the story D3: a blank disk', async () => {
    const stage = await stageOf();
    await stage.dataVolume('d', { blank: {} });
    await stage.succeeds('d');
    expectStory(stage.story('d'), [...begins, runs, ...ends]);
    expect(stage.progress('d')).toEqual(['N/A', '100.0%']);
  });

  it('tells the story D4: the importer fails, is evicted, is deleted, and succeeds in the end', async () => {
    const stage = await stageOf();
    const source = await sourceOf(refused(404));
    await stage.dataVolume('d', { http: { url: source.url() } });
    await stage.until('it failed three times', () => stage.latest('d')?.status?.restartCount === 3);
    expect(stage.condition('d', 'Running')?.message).toBe(notFound);
    const importer = stage.pod('importer')?.metadata ?? { name: '' };
    await stage.players.kubelet.evict(stage.namespace, importer.name);
    await stage.reaches('d', 'ImportScheduled', 'Error');
    source.serveWith(whole(image));
    await stage.client.delete(pods, importer, { gracePeriodSeconds: 0 });
    await stage.succeeds('d');
    expectStory(stage.story('d'), [
      ...begins,
      ...[runs, fails, runs, fails, runs, fails],
      'ImportScheduled | False/Pending | False/Error | False',
      '?ImportScheduled | False/Pending | False/ContainerCreating | False',
      runs,
      ...ends,
    ]);
    expect(stage.latest('d')?.status?.restartCount).toBe(3);
  });

  it('says in the Bound message why it fails, as the newest event of the prime claim', async () => {
    const stage = await stageOf();
    const source = await sourceOf(refused(404));
    await stage.dataVolume('d', { http: { url: source.url() } });
    // Taken at the moment at which it is said: another event of the prime claim may be the newest a moment later.
    let said: Condition | undefined;
    await stage.until('the event arrived', () => {
      said = stage.condition('d', 'Bound');
      return said?.message?.includes('404');
    });
    const prime = stage.prime()?.metadata.name;
    expect(said).toMatchObject({
      reason: 'Pending',
      message: `target PVC d Pending and [${prime}] : ${notFound}`,
    });
  });

  it('tells the story D5: unschedulable, no image, wrong checksum', async () => {
    const stage = await stageOf();
    const source = await sourceOf(whole(image));
    const wrong = `sha256:${'0'.repeat(64)}`;
    stage.switches.update({ unschedulable: [{ name: 'd' }] });
    await stage.dataVolume('d', { http: { url: source.url(), checksum: wrong } });
    await stage.reaches('d', 'ImportScheduled', 'Unschedulable');
    expect(stage.condition('d', 'Running')?.message).toBe('Importer pod cannot be scheduled');
    stage.switches.update({ unschedulable: [], imagePullFailures: [{ name: 'd' }] });
    await stage.reaches('d', 'ImportScheduled', 'ImagePullFailed');
    expect(stage.condition('d', 'Running')?.message).toMatch(/^failed to pull image: /);
    stage.switches.reset();
    await stage.reaches('d', 'Failed');
    await stage.until('the pod is gone', () => stage.pods().length === 0);
    const right = createHash('sha256').update(image).digest('hex');
    expect(stage.condition('d', 'Running')).toMatchObject({
      reason: 'ChecksumError',
      message: `checksum mismatch: expected ${wrong}, got sha256:${right}`,
    });
    expectStory(stage.story('d'), [
      'Pending | False/Pending | False | False',
      '?ImportScheduled | False/Pending | False | False',
      '?Pending | False/Pending | False/Unschedulable | False',
      'ImportScheduled | False/Pending | False/Unschedulable | False',
      '?ImportScheduled | False/Pending | False | False',
      '?ImportScheduled | False/Pending | False/ContainerCreating | False',
      'ImportScheduled | False/Pending | False/ImagePullFailed | False',
      runs,
      'Failed | False/Pending | False/ChecksumError | False',
    ]);
  });

  it('accepts a checksum that is right', async () => {
    const stage = await stageOf();
    const source = await sourceOf(whole(image));
    const checksum = `sha512:${createHash('sha512').update(image).digest('hex')}`;
    await stage.dataVolume('d', { http: { url: source.url(), checksum } });
    await stage.succeeds('d');
  });

  it('tells the story D6: an image larger than the volume', async () => {
    const stage = await stageOf();
    const source = await sourceOf(whole(qcow2Header(50 * 2 ** 30)));
    await stage.dataVolume('d', { http: { url: source.url() } });
    await stage.reaches('d', 'ImportInProgress', 'Error');
    expectStory(stage.story('d').slice(0, -1), [...begins, runs]);
    expect(stage.condition('d', 'Running')?.message).toBe('DataVolume too small to contain image');
    const ended = stage.pod('importer')?.status?.containerStatuses?.[0];
    expect((ended?.state?.terminated ?? ended?.lastState?.terminated)?.message).toBe(
      'Unable to process data: Virtual image size 53687091200 is larger than the reported available storage 1048576. A larger PVC is required.',
    );
  });

  it('tells the story D13: without populators it fails, is tried again and succeeds', async () => {
    const stage = await stageOf();
    const source = await sourceOf(refused(404));
    await stage.dataVolume('d', { http: { url: source.url() } }, { spec: 'pvc', className: 'test' });
    await stage.until('it failed', () => stage.latest('d')?.status?.restartCount === 1);
    source.serveWith(whole(image));
    await stage.succeeds('d');
    const bound = 'True/Bound';
    expectStory(stage.story('d'), [
      'Pending | False/Pending | False | False',
      '?ImportScheduled | False/Pending | False | False',
      '?ImportScheduled | True/Bound | False | False',
      `?ImportScheduled | ${bound} | False/ContainerCreating | False`,
      `ImportInProgress | ${bound} | True/Pod is running | False/TransferRunning`,
      `ImportInProgress | ${bound} | False/Error | False`,
      `ImportInProgress | ${bound} | True/Pod is running | False/TransferRunning`,
      `Succeeded | ${bound} | False/Completed | True`,
    ]);
    expect(stage.claim('d')?.metadata.annotations?.[annotation.usePopulator]).toBe('false');
    expect(stage.claims().map(({ metadata }) => metadata.name)).toEqual(['d']);
  });

  it('tells the story D14: asks for scratch space where the server cannot send parts', async () => {
    const stage = await stageOf();
    const source = await sourceOf((request, response) => {
      const body = qcow2Header(2 ** 20);
      response.writeHead(200, { 'content-length': String(body.length) });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
    await stage.dataVolume('d', { http: { url: source.url() } });
    await stage.succeeds('d');
    expect(stage.story('d').some((row) => row.includes('False/Scratch space required'))).toBe(true);
    await stage.until('the scratch space is gone', () => stage.claims().length === 1);
  });
});
