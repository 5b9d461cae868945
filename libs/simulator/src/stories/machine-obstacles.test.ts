// Stories V3, V4, V5, V8, V9 of the traces: machines that cannot start, and what virt-api refuses at the door.
import { KubeError } from '@compute/kube-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pods } from '../kinds.ts';
import type { VmSpec } from '../kubevirt/objects.ts';
import { MachineStage, machineTemplate, resourceQuotas } from './machine-stage.ts';

let stage: MachineStage;
beforeAll(async () => {
  stage = await MachineStage.open();
});
afterEach(() => stage.simulator.controllers.switches.reset());
afterAll(() => stage.close());

const quota = (name: string, hard: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name, namespace: stage.namespace },
  spec: { hard },
});

/** A spec with an instance type instead of sizes. */
function sized(type: string, preference?: string): Partial<VmSpec> {
  const template = machineTemplate();
  delete template.spec.domain.cpu;
  delete template.spec.domain.memory;
  return {
    template,
    instancetype: { name: type },
    ...(preference === undefined ? {} : { preference: { name: preference } }),
  };
}

describe('pods that do not start', () => {
  test('no node takes it: ErrorUnschedulable, until one does', async () => {
    stage.simulator.controllers.switches.update({ unschedulable: [{ name: 'nowhere' }] });
    await stage.createVm('nowhere');
    await stage.shows('nowhere', 'ErrorUnschedulable');
    expect(stage.condition('nowhere', 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable' });
    stage.simulator.controllers.switches.reset();
    await stage.shows('nowhere', 'Running');
    expect(stage.story('nowhere')).toEqual(['-', 'Stopped', 'Starting', 'ErrorUnschedulable', 'Starting', 'Running']);
    expect(stage.condition('nowhere', 'PodScheduled')).toBeUndefined();
  });

  test('a machine larger than any node is unschedulable in the words of the scheduler', async () => {
    const template = machineTemplate();
    template.spec.domain.memory = { guest: '900Gi' };
    await stage.createVm('large', { template });
    await stage.shows('large', 'ErrorUnschedulable');
    expect(stage.condition('large', 'PodScheduled')?.message).toContain('3 Insufficient memory');
  });

  test('its image cannot be pulled: ErrImagePull, then ImagePullBackOff', async () => {
    stage.simulator.controllers.switches.update({ imagePullFailures: [{ name: 'image' }] });
    await stage.createVm('image');
    await stage.shows('image', 'ImagePullBackOff');
    expect(stage.story('image')).toEqual(expect.arrayContaining(['Starting', 'ErrImagePull', 'ImagePullBackOff']));
    stage.simulator.controllers.switches.reset();
    await stage.shows('image', 'Running');
    expect(stage.condition('image', 'Synchronized')).toBeUndefined();
  });

  test('it fails before the guest runs: CrashLoopBackOff with growing pauses, cleared by the first success', async () => {
    stage.simulator.controllers.switches.update({ outOfMemory: [{ name: 'crashing' }] });
    await stage.createVm('crashing');
    await stage.shows('crashing', 'CrashLoopBackOff');
    const failure = (await stage.shows('crashing', 'CrashLoopBackOff')).status?.startFailure;
    expect(failure?.consecutiveFailCount).toBe(1);
    await stage.until('it failed twice', () => stage.vm('crashing')?.status?.startFailure?.consecutiveFailCount === 2);
    stage.simulator.controllers.switches.reset();
    await stage.shows('crashing', 'Running');
    await stage.until('the failure is forgotten', () => stage.vm('crashing')?.status?.startFailure === undefined);
    const story = stage.story('crashing');
    expect(story).toEqual(expect.arrayContaining(['Starting', 'CrashLoopBackOff', 'Running']));
    expect(story.at(-1)).toBe('Running');
  });

  test('halted while RerunOnFailure backs off, it is turned into Always', async () => {
    stage.simulator.controllers.switches.update({ outOfMemory: [{ name: 'trap' }] });
    await stage.createVm('trap', { runStrategy: 'RerunOnFailure' });
    await stage.shows('trap', 'CrashLoopBackOff');
    await stage.until('its VMI is gone', () => stage.vmi('trap') === undefined);
    expect(stage.vm('trap')?.status?.stateChangeRequests).toEqual([{ action: 'Start' }]);
    await stage.patchVm('trap', { spec: { runStrategy: 'Halted' } });
    await stage.until('it is Always', () => stage.vm('trap')?.spec.runStrategy === 'Always');
  });

  test('the pod quota refuses it: Starting with the reason, until there is room', async () => {
    await stage.client.create(resourceQuotas, quota('no-pods', { pods: '0' }));
    await stage.createVm('quota');
    const refused = await stage.until('it is refused', () => stage.condition('quota', 'Synchronized'));
    expect(refused).toMatchObject({ status: 'False', reason: 'FailedCreate' });
    expect(refused.message).toMatch(
      /^failed to create virtual machine pod: pods "virt-launcher-quota-\w+" is forbidden: exceeded quota/,
    );
    expect(stage.vm('quota')?.status?.printableStatus).toBe('Starting');
    await stage.client.delete(resourceQuotas, stage.ref('no-pods'));
    await stage.shows('quota', 'Running');
  });

  test('its running pod vanishes: the guest failed and is started again', async () => {
    await stage.createVm('vanish');
    await stage.shows('vanish', 'Running');
    const before = stage.vmi('vanish')?.metadata.uid;
    const pod = stage.launcher('vanish');
    await stage.client.delete(pods, stage.ref(pod?.metadata.name ?? ''), { gracePeriodSeconds: 0 });
    await stage.until('another VMI runs', () => {
      const vmi = stage.vmi('vanish');
      return vmi?.status?.phase === 'Running' && vmi.metadata.uid !== before;
    });
  });
});

describe('things that are not there', () => {
  test('a missing claim is ErrorPvcNotFound with its name', async () => {
    await stage.createVm('claim', {
      template: machineTemplate([{ name: 'root', persistentVolumeClaim: { claimName: 'nope' } }]),
    });
    await stage.shows('claim', 'ErrorPvcNotFound');
    const message = `PVC ${stage.namespace}/nope does not exist, waiting for it to appear`;
    expect(stage.condition('claim', 'Synchronized')).toMatchObject({ reason: 'FailedPvcNotFound', message });
    expect(stage.condition('claim', 'PodScheduled')).toMatchObject({ reason: 'Unschedulable', message });
  });

  test('a missing DataVolume is the same, and a halted machine with one is just Stopped', async () => {
    const template = machineTemplate([{ name: 'root', dataVolume: { name: 'nope2' } }]);
    await stage.createVm('datavolume', { template });
    await stage.shows('datavolume', 'ErrorPvcNotFound');
    await stage.createVm('datavolume-halted', { template, runStrategy: 'Halted' });
    await stage.until('it is looked at', () => stage.condition('datavolume-halted', 'Ready'));
    expect(stage.vm('datavolume-halted')?.status?.printableStatus).toBe('Stopped');
  });

  test.each([
    ['instancetype', 'FailedFindInstancetype', sized('nope')],
    ['preference', 'FailedFindPreference', { ...sized('u1.medium', 'nope') }],
  ])('a missing %s is Stopped with %s', async (kind, reason, spec) => {
    await stage.createVm(`no-${kind}`, spec);
    const failure = await stage.until('it failed', () => stage.condition(`no-${kind}`, 'Failure'));
    expect(failure).toMatchObject({ status: 'True', reason });
    expect(failure.message).toBe(`virtualmachinecluster${kind}s.instancetype.kubevirt.io "nope" not found`);
    expect(stage.vm(`no-${kind}`)?.status?.printableStatus).toBe('Stopped');
    expect(stage.vmi(`no-${kind}`)).toBeUndefined();
  });

  test('a DataVolume that the quota refuses is Failure/FailedCreate', async () => {
    await stage.client.create(resourceQuotas, quota('no-disks', { 'count/datavolumes.cdi.kubevirt.io': '0' }));
    const source = { blank: {} };
    const spec = { source, storage: { resources: { requests: { storage: '1Gi' } } } };
    await stage.createVm('refused', {
      template: machineTemplate([{ name: 'root', dataVolume: { name: 'dq' } }]),
      dataVolumeTemplates: [{ metadata: { name: 'dq' }, spec }],
    });
    const failure = await stage.until('it failed', () => stage.condition('refused', 'Failure'));
    expect(failure.reason).toBe('FailedCreate');
    expect(failure.message).toMatch(
      /^Error encountered while creating DataVolumes: failed to create DataVolume: .*exceeded quota/,
    );
    await stage.client.delete(resourceQuotas, stage.ref('no-disks'));
  });
});

describe('instance types', () => {
  test('the sizes of the type reach the guest, and its revision is frozen', async () => {
    await stage.createVm('typed', sized('u1.large', 'ubuntu'));
    const vm = await stage.shows('typed', 'Running');
    expect(stage.vmi('typed')?.status).toMatchObject({
      currentCPUTopology: { sockets: 2, cores: 1, threads: 1 },
      memory: { guestAtBoot: '8Gi' },
    });
    expect(vm.status?.instancetypeRef).toMatchObject({
      name: 'u1.large',
      kind: 'VirtualMachineClusterInstancetype',
      controllerRevisionRef: { name: expect.stringContaining('typed-u1.large-v1beta1-') },
    });
    expect(stage.vmi('typed')?.spec.domain.devices?.disks?.[0]?.disk?.bus).toBe('virtio');
  });

  test('another type asks for a restart and has its own revision', async () => {
    await stage.createVm('resized', sized('u1.medium'));
    await stage.shows('resized', 'Running');
    await stage.patchVm('resized', { spec: { instancetype: { name: 'u1.xlarge' } } });
    await stage.until('a restart is required', () => stage.condition('resized', 'RestartRequired'));
    expect(stage.vm('resized')?.status?.instancetypeRef?.controllerRevisionRef?.name).toContain('u1.xlarge');
    await stage.call('resized', 'restart');
    await stage.until('the new size runs', () => stage.vmi('resized')?.status?.currentCPUTopology?.sockets === 4);
  });

  test('huge pages that no node has leave it unschedulable', async () => {
    const template = machineTemplate();
    template.spec.domain.memory = { guest: '512Gi', hugepages: { pageSize: '2Mi' } };
    await stage.createVm('huge', { template });
    await stage.shows('huge', 'ErrorUnschedulable');
    expect(stage.condition('huge', 'PodScheduled')?.message).toContain('Insufficient hugepages-2Mi');
  });
});

describe('what virt-api refuses', () => {
  const disks = (...list: object[]): Partial<VmSpec> => {
    const template = machineTemplate();
    const devices = template.spec.domain.devices ?? {};
    template.spec.domain.devices = { ...devices, disks: list as NonNullable<typeof devices.disks> };
    return { template };
  };
  const cloudInit = machineTemplate([{ name: 'root', cloudInitNoCloud: { userData: 'x'.repeat(2049) } }]);

  const rows: [string, Partial<VmSpec>, string][] = [
    ['an unknown run strategy', { runStrategy: 'Sometimes' }, 'Invalid RunStrategy (Sometimes)'],
    ['running beside runStrategy', { running: true }, 'Running and RunStrategy are mutually exclusive'],
    [
      'a CD-ROM on virtio',
      disks({ name: 'root', cdrom: { bus: 'virtio' } }),
      'Bus type virtio is invalid for CD-ROM device',
    ],
    ['an IDE disk', disks({ name: 'root', disk: { bus: 'ide' } }), 'IDE bus is not supported'],
    [
      'a disk without a volume',
      disks({ name: 'root', disk: {} }, { name: 'nope', disk: {} }),
      "Name 'nope' not found.",
    ],
    ['a volume without a disk', disks(), "spec.template.spec.domain.volumes[0].name 'root' not found."],
    [
      'two disks of one name',
      disks({ name: 'root', disk: {} }, { name: 'root', disk: {} }),
      'spec.template.spec.domain.devices.disks[1] and spec.template.spec.domain.devices.disks[0] must not have the same Name.',
    ],
    ['a boot order of 0', disks({ name: 'root', disk: {}, bootOrder: 0 }), 'must have a boot order > 0, if supplied'],
    [
      'inline cloud-init over 2048 bytes',
      { template: cloudInit },
      'userdata exceeds 2048 byte limit. Should use UserDataSecretRef',
    ],
    [
      'an instance type beside sizes',
      { instancetype: { name: 'u1.medium' } },
      'VM field(s) spec.template.spec.domain.cpu.cores conflicts with selected instance type',
    ],
    [
      'a type too small for the preference',
      sized('u1.nano', 'ubuntu'),
      'failure checking preference requirements: insufficient Memory resources of 512Mi provided by instance type, preference requires 2Gi',
    ],
  ];

  test.each(rows)('%s', async (_what, spec, message) => {
    const refused = await stage.createVm('refused-at-the-door', spec).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(KubeError);
    expect(refused).toMatchObject({ status: 422, reason: 'Invalid' });
    const { message: text } = refused as KubeError;
    expect(text).toContain('admission webhook "virtualmachine-validator.kubevirt.io" denied the request: ');
    expect(text).toContain(message);
  });

  test('the same holds for changes, and defaults are filled', async () => {
    const vm = await stage.createVm('door', { runStrategy: 'Halted' });
    expect(vm.spec.template.spec).toMatchObject({ architecture: 'amd64', domain: { machine: { type: 'q35' } } });
    await expect(stage.patchVm('door', { spec: { runStrategy: 'Never' } })).rejects.toThrow(
      'Invalid RunStrategy (Never)',
    );
  });
});

test('nothing went wrong that nobody expected', () => {
  expect(stage.errors).toEqual([]);
});
