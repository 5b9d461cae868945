// Stories V1, V2, V6 and V7 of the traces: starting, stopping, pausing, restarting, and guests that end by themselves.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pods } from '../kinds.ts';
import { virtualMachineInstances, virtualMachines } from '../kubevirt/kinds.ts';
import type { VirtualMachine } from '../kubevirt/objects.ts';
import { MachineStage } from './machine-stage.ts';

let stage: MachineStage;
beforeAll(async () => {
  stage = await MachineStage.open();
});
afterAll(() => stage.close());

const ready = (vm: VirtualMachine): unknown => vm.status?.ready;

async function runs(name: string, otherThan = ''): Promise<string> {
  const running = await stage.until(`${name} runs`, () => {
    const vmi = stage.vmi(name);
    const vm = stage.vm(name);
    const isReady = vm?.status?.printableStatus === 'Running' && vm.status.ready === true;
    return isReady && vmi?.status?.phase === 'Running' && vmi.metadata.uid !== otherThan ? vmi : undefined;
  });
  return running.metadata.uid ?? '';
}

describe('Always', () => {
  test('a new machine is Stopped for a moment, then Starting, then Running and ready', async () => {
    await stage.createVm('fresh');
    await runs('fresh');
    expect(stage.story('fresh')).toEqual(['-', 'Stopped', 'Starting', 'Running']);
    const { status } = stage.vmi('fresh') ?? {};
    expect(status?.phaseTransitionTimestamps?.map(({ phase }) => phase)).toEqual(
      expect.arrayContaining(['Scheduling', 'Scheduled', 'Running']),
    );
    expect(status).toMatchObject({ nodeName: expect.stringMatching(/^node/), memory: { guestAtBoot: '1Gi' } });
    expect(status?.interfaces?.[0]).toMatchObject({
      ipAddress: stage.launcher('fresh')?.status?.podIP,
      mac: expect.any(String),
    });
  });

  test('status is absent rather than false before there is a VMI', async () => {
    await stage.createVm('absent', { runStrategy: 'Halted' });
    await stage.until('it is looked at', () => stage.condition('absent', 'Ready'));
    expect(stage.vm('absent')?.status).not.toHaveProperty('created');
    expect(stage.vm('absent')?.status).not.toHaveProperty('ready');
    expect(stage.condition('absent', 'Ready')?.reason).toBe('VMINotExists');
  });

  test('halting stops it and starting again makes another VMI', async () => {
    await stage.createVm('halt');
    const first = await runs('halt');
    stage.story('halt');
    await stage.patchVm('halt', { spec: { runStrategy: 'Halted' } });
    await stage.until(
      'the VMI is gone',
      () => stage.vmi('halt') === undefined && stage.vm('halt')?.status?.created !== true,
    );
    expect(stage.story('halt')).toEqual(['Running', 'Stopping', 'Stopped']);
    expect(ready(stage.vm('halt') as VirtualMachine)).toBeUndefined();
    await stage.patchVm('halt', { spec: { runStrategy: 'Always' } });
    await runs('halt', first);
    expect(stage.story('halt')).toEqual(['Stopped', 'Starting', 'Running']);
  });

  test('stop and start rewrite the run strategy, and refuse what makes no sense', async () => {
    await stage.createVm('calls');
    await runs('calls');
    await expect(stage.call('calls', 'start')).rejects.toThrow('VM is already running');
    await stage.call('calls', 'stop');
    await stage.until('it is halted', () => stage.vm('calls')?.spec.runStrategy === 'Halted');
    await stage.until('the VMI is gone', () => stage.vmi('calls') === undefined);
    await expect(stage.call('calls', 'stop')).rejects.toThrow('VM is not running');
    await expect(stage.call('calls', 'restart')).rejects.toThrow('does not support manual restart requests');
    await stage.call('calls', 'start');
    await runs('calls');
    expect(stage.vm('calls')?.spec.runStrategy).toBe('Always');
  });

  test('pause and unpause keep the VMI', async () => {
    await stage.createVm('pause');
    const uid = await runs('pause');
    await stage.call('pause', 'pause');
    await stage.shows('pause', 'Paused');
    expect(stage.condition('pause', 'Paused')).toMatchObject({ status: 'True', reason: 'PausedByUser' });
    await expect(stage.call('pause', 'pause')).rejects.toThrow('VMI is already paused');
    await expect(stage.call('pause', 'softreboot')).rejects.toThrow('VMI is paused');
    await stage.call('pause', 'unpause');
    expect(await runs('pause')).toBe(uid);
    await expect(stage.call('pause', 'unpause')).rejects.toThrow('VMI is not paused');
  });

  test('a changed template asks for a restart; taking it back or restarting ends that', async () => {
    await stage.createVm('template');
    const first = await runs('template');
    const cores = (count: number) => ({ spec: { template: { spec: { domain: { cpu: { cores: count } } } } } });
    await stage.patchVm('template', cores(2));
    const condition = await stage.until('a restart is required', () => stage.condition('template', 'RestartRequired'));
    expect(condition.message).toBe('a non-live-updatable field was changed in the template spec');
    await stage.patchVm('template', cores(1));
    await stage.until('no restart is required', () => stage.condition('template', 'RestartRequired') === undefined);
    await stage.patchVm('template', cores(2));
    await stage.until('a restart is required', () => stage.condition('template', 'RestartRequired'));
    stage.story('template');
    await stage.call('template', 'restart');
    await runs('template', first);
    expect(stage.story('template')).toEqual(['Running', 'Stopping', 'Stopped', 'Starting', 'Running']);
    expect(stage.condition('template', 'RestartRequired')).toBeUndefined();
    expect(stage.vmi('template')?.status?.currentCPUTopology?.cores).toBe(2);
    expect(stage.vm('template')?.status).not.toHaveProperty('stateChangeRequests');
  });

  test('a change beside the template is observed without a restart', async () => {
    await stage.createVm('beside', { runStrategy: 'RerunOnFailure' });
    await runs('beside');
    const patched = await stage.patchVm('beside', { spec: { runStrategy: 'Always' } });
    const generation = patched.metadata.generation;
    await stage.until('it is observed', () => stage.vm('beside')?.status?.observedGeneration === generation);
    expect(stage.condition('beside', 'RestartRequired')).toBeUndefined();
  });

  test('deleting a VMI by hand restarts the machine', async () => {
    await stage.createVm('vmi');
    const first = await runs('vmi');
    await stage.client.delete(virtualMachineInstances, stage.ref('vmi'));
    await runs('vmi', first);
  });

  test('deleting a machine is Terminating until its pod is gone', async () => {
    await stage.createVm('end');
    await runs('end');
    stage.story('end');
    await stage.client.delete(virtualMachines, stage.ref('end'));
    await stage.isGone('end');
    expect(stage.story('end')).toEqual(['Running', 'Terminating', 'gone']);
    expect(stage.vmi('end')).toBeUndefined();
    expect(stage.launcher('end')).toBeUndefined();
  });

  test.each(['Failed', 'Succeeded'] as const)('a guest that ends as %s is started again at once', async (ends) => {
    const name = `again-${ends.toLowerCase()}`;
    await stage.createVm(name);
    const first = await runs(name);
    stage.story(name);
    stage.simulator.controllers.guests.add({ name, ends });
    await runs(name, first);
    expect(stage.story(name)).toEqual(['Running', 'Stopped', 'Starting', 'Running']);
    expect(stage.vm(name)?.status).not.toHaveProperty('startFailure');
  });

  test('the guest agent shows itself after a while, and what it tells is in the VMI', async () => {
    await stage.createVm('agent');
    await runs('agent');
    await stage.until('the agent is there', () => stage.condition('agent', 'AgentConnected'));
    await stage.until('its facts are there', () => stage.vmi('agent')?.status?.guestOSInfo?.name);
    await stage.call('agent', 'softreboot');
    await stage.until('the agent is away', () => stage.condition('agent', 'AgentConnected') === undefined);
    await stage.until('the agent is back', () => stage.condition('agent', 'AgentConnected'));
  });
});

describe('the other strategies', () => {
  test('Manual starts and stops by request only', async () => {
    await stage.createVm('manual', { runStrategy: 'Manual' });
    await stage.until('it is looked at', () => stage.condition('manual', 'Ready'));
    expect(stage.vmi('manual')).toBeUndefined();
    await stage.call('manual', 'start');
    await runs('manual');
    await stage.call('manual', 'stop');
    await stage.until(
      'it is stopped',
      () => stage.vmi('manual') === undefined && stage.vm('manual')?.status?.created !== true,
    );
    expect(stage.vm('manual')?.spec.runStrategy).toBe('Manual');
    expect(stage.vm('manual')?.status).not.toHaveProperty('stateChangeRequests');
  });

  test('RerunOnFailure lets a guest that powered off go, and Once and Manual keep its VMI', async () => {
    for (const runStrategy of ['RerunOnFailure', 'Once', 'Manual'] as const) {
      const name = `off-${runStrategy.toLowerCase()}`;
      await stage.createVm(name, { runStrategy });
      if (runStrategy === 'Manual') {
        await stage.until('it is looked at', () => stage.condition(name, 'Ready'));
        await stage.call(name, 'start');
      }
      await runs(name);
      stage.simulator.controllers.guests.add({ name, ends: 'Succeeded' });
      await stage.shows(name, 'Stopped');
    }
    await stage.until('the VMI of RerunOnFailure is gone', () => stage.vmi('off-rerunonfailure') === undefined);
    expect(stage.vmi('off-once')?.status?.phase).toBe('Succeeded');
    expect(stage.vmi('off-manual')?.status?.phase).toBe('Succeeded');
    await stage.until(
      'the launcher of Once has ended',
      () => stage.launcher('off-once')?.status?.phase === 'Succeeded',
    );
  });

  test('RerunOnFailure starts a guest that crashed again', async () => {
    await stage.createVm('crash', { runStrategy: 'RerunOnFailure' });
    const first = await runs('crash');
    stage.simulator.controllers.guests.add({ name: 'crash', ends: 'Failed' });
    await runs('crash', first);
    await stage.until('the request is done', () => stage.vm('crash')?.status?.stateChangeRequests === undefined);
  });

  test('a guest that ignores the power button is killed when its grace period is over', async () => {
    await stage.createVm('stubborn', {
      template: { ...structuredClone((await stage.createVm('pattern', { runStrategy: 'Halted' })).spec.template) },
    });
    await runs('stubborn');
    stage.simulator.controllers.guests.add({ name: 'stubborn', ignoresShutdown: true });
    const startedAt = performance.now();
    await stage.call('stubborn', 'stop');
    await stage.until('it is stopped', () => stage.vmi('stubborn') === undefined);
    expect(performance.now() - startedAt).toBeGreaterThan(30_000 / 40);
  });

  test('and at once when its launcher is deleted again with less grace, as a forced restart does', async () => {
    await stage.createVm('hurried');
    const first = await runs('hurried');
    stage.simulator.controllers.guests.add({ name: 'hurried', ignoresShutdown: true });
    const { namespace = '', name = '' } = stage.launcher('hurried')?.metadata ?? {};
    const startedAt = performance.now();
    await stage.client.delete(virtualMachineInstances, stage.ref('hurried'), { uid: first });
    await stage.until('its launcher goes', () => stage.launcher('hurried') === undefined);
    await stage.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 1 });
    await runs('hurried', first);
    expect(performance.now() - startedAt).toBeLessThan(30_000 / 40);
  });
});

test('nothing went wrong that nobody expected', () => {
  expect(stage.errors).toEqual([]);
});
