import { describe, expect, it } from 'vitest';
import { nodes, type Pod, pods } from '../kinds.ts';
import { exitAnnotation } from '../pod-channel.ts';
import { refused, Valve, whole } from '../stories/image-source.ts';
import type { Stage } from '../stories/stage.ts';
import { sourceOf, stageOf } from '../stories/use-stage.ts';

const pod = (
  stage: Stage,
  name: string,
  spec: Partial<Pod['spec']> = {},
  labels: Record<string, string> = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: stage.namespace, labels },
  spec: { restartPolicy: 'Never', containers: [{ name: 'compute', image: 'launcher:1' }], ...spec },
});

const launcher = (stage: Stage, name: string): Pod => pod(stage, name, {}, { 'kubevirt.io': 'virt-launcher' });
const phaseOf = (stage: Stage, name: string) => stage.pod(name)?.status?.phase;
const containerOf = (stage: Stage, name: string) => stage.pod(name)?.status?.containerStatuses?.[0];
const readyOf = (stage: Stage, name: string) =>
  stage.pod(name)?.status?.conditions?.find((condition) => condition.type === 'Ready')?.status;

describe('a kubelet', () => {
  it('takes a pod from creating its containers to running and ready, with an address', async () => {
    const stage = await stageOf();
    await stage.create(pods, launcher(stage, 'l'));
    await stage.until('it is created', () => containerOf(stage, 'l')?.state?.waiting?.reason === 'ContainerCreating');
    expect(containerOf(stage, 'l')?.started).toBe(false);
    await stage.until('it runs', () => phaseOf(stage, 'l') === 'Running');
    expect(readyOf(stage, 'l')).toBe('True');
    expect(stage.pod('l')?.status?.podIP).toMatch(/^10\.244\./);
    expect(stage.pod('l')?.status?.hostIP).toMatch(/^192\.168\.100\./);
  });

  it('lets a deleted pod stop in order before it goes', async () => {
    const stage = await stageOf();
    const seen: string[] = [];
    stage.informers.of(pods).onChange(({ type, object }) => seen.push(`${type} ${object.status?.phase}`));
    await stage.create(pods, launcher(stage, 'l'));
    await stage.until('it runs', () => phaseOf(stage, 'l') === 'Running');
    await stage.client.delete(pods, { namespace: stage.namespace, name: 'l' });
    await stage.until('it is gone', () => stage.pod('l') === undefined);
    expect(seen.slice(-2)).toEqual(['modified Succeeded', 'deleted Succeeded']);
  });

  it('ends a pod with the code it is told', async () => {
    const stage = await stageOf();
    await stage.create(pods, launcher(stage, 'off'));
    await stage.create(pods, launcher(stage, 'crash'));
    await stage.until('both run', () => phaseOf(stage, 'off') === 'Running' && phaseOf(stage, 'crash') === 'Running');
    const tell = (name: string, code: string) =>
      stage.client.mergePatch(
        pods,
        { namespace: stage.namespace, name },
        { metadata: { annotations: { [exitAnnotation]: code } } },
      );
    await tell('off', '0');
    await tell('crash', '1');
    await stage.until(
      'both ended',
      () => phaseOf(stage, 'off') === 'Succeeded' && phaseOf(stage, 'crash') === 'Failed',
    );
    expect(containerOf(stage, 'crash')?.state?.terminated).toMatchObject({ exitCode: 1, reason: 'Error' });
  });

  it('keeps trying to pull an image while it cannot', async () => {
    const stage = await stageOf();
    stage.switches.update({ imagePullFailures: [{ name: 'l*' }] });
    await stage.create(pods, launcher(stage, 'l1'));
    await stage.until('it backs off', () => containerOf(stage, 'l1')?.state?.waiting?.reason === 'ImagePullBackOff');
    expect(phaseOf(stage, 'l1')).toBe('Pending');
    stage.switches.reset();
    await stage.until('it runs', () => phaseOf(stage, 'l1') === 'Running');
  });

  it('kills a pod for want of memory', async () => {
    const stage = await stageOf();
    stage.switches.update({ outOfMemory: [{ name: 'l' }] });
    await stage.create(pods, launcher(stage, 'l'));
    await stage.until('it failed', () => phaseOf(stage, 'l') === 'Failed');
    expect(containerOf(stage, 'l')?.state?.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });

  it('starts a failing container again with growing pauses', async () => {
    const stage = await stageOf({ times: { crashBackoffMs: 1_500 } });
    const source = await sourceOf(refused(500));
    await stage.dataVolume('d', { http: { url: source.url() } });
    const waits: (string | undefined)[] = [];
    stage.informers.of(pods).onChange(({ object }) => {
      const waiting = object.status?.containerStatuses?.[0]?.state?.waiting;
      if (waiting?.reason === 'CrashLoopBackOff' && !waits.includes(waiting.message)) waits.push(waiting.message);
    });
    await stage.until('it failed thrice', () => stage.latest('d')?.status?.restartCount === 3);
    expect(waits.map((message) => /back-off ([\d.]+s)/.exec(message ?? '')?.[1])).toEqual(['1.5s', '3s', '6s']);
  });

  it('begins an import anew after the importer was killed for want of memory', async () => {
    const stage = await stageOf();
    stage.switches.update({ outOfMemory: [{ name: 'd' }] });
    const valve = new Valve(100);
    const source = await sourceOf(valve.serve);
    await stage.dataVolume('d', { http: { url: source.url() } });
    await stage.until(
      'a second importer came',
      () => source.requests.filter((line) => line.startsWith('GET')).length >= 2,
    );
    stage.switches.reset();
    await stage.until('it is asked for', () =>
      stage.pod('importer')?.spec.containers[0]?.env?.some(({ name }) => name === 'CACHE_MODE'),
    );
  });
});

describe('a simulator that is started again', () => {
  it('goes on with the pods it finds, without their status going back', async () => {
    const stage = await stageOf();
    await stage.create(pods, launcher(stage, 'l'));
    await stage.until('it runs', () => phaseOf(stage, 'l') === 'Running');
    const before = stage.pod('l');
    await stage.restart();
    await stage.create(pods, launcher(stage, 'm'));
    await stage.until('another runs', () => phaseOf(stage, 'm') === 'Running');
    expect(stage.pod('l')?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
    expect(stage.pod('m')?.status?.podIP).not.toBe(before?.status?.podIP);
    await stage.client.delete(pods, { namespace: stage.namespace, name: 'l' });
    await stage.until('it is gone', () => stage.pod('l') === undefined);
  });

  it('begins an import anew that was interrupted, and finishes it', async () => {
    const stage = await stageOf();
    const valve = new Valve(1000);
    const source = await sourceOf(valve.serve);
    await stage.dataVolume('d', { http: { url: source.url() } });
    await valve.opened();
    await stage.reaches('d', 'ImportInProgress', 'Pod is running');
    source.serveWith(whole(Buffer.alloc(1000)));
    await stage.restart();
    await stage.succeeds('d');
    expect(stage.latest('d')?.status?.restartCount ?? 0).toBe(0);
  });
});

describe('a lost node', () => {
  it('is not ready, its pods stay Terminating, and go when it is back', async () => {
    const stage = await stageOf({ times: { lostNodeGraceMs: 5_000 } });
    await stage.create(pods, launcher(stage, 'l'));
    await stage.until('it runs', () => phaseOf(stage, 'l') === 'Running');
    const nodeName = stage.pod('l')?.spec.nodeName ?? '';
    stage.switches.update({ lostNodes: [nodeName] });
    await stage.until('the pod is doubted', () => readyOf(stage, 'l') === 'False');
    await stage.until('the pod is to go', () => stage.pod('l')?.metadata.deletionTimestamp !== undefined);
    const node = await stage.client.get(nodes, { name: nodeName });
    expect(node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('Unknown');
    await stage.create(pods, launcher(stage, 'm'));
    await stage.until('another runs elsewhere', () => phaseOf(stage, 'm') === 'Running');
    expect(stage.pod('m')?.spec.nodeName).not.toBe(nodeName);
    expect(phaseOf(stage, 'l')).toBe('Running');
    stage.switches.reset();
    await stage.until('the pod is gone', () => stage.pod('l') === undefined);
  });
});
