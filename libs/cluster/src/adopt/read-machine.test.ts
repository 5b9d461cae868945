import { builtinCatalogue, diskName, type VmDisk, type VmInstanceSpec } from '@compute/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vmManifests } from '../execute/vm-manifests.ts';
import {
  cozystackMachine,
  cozystackSecrets,
  cozystackService,
  GUEST_MAC,
  GUEST_UUID,
} from '../fixtures/cozystack-objects.ts';
import { diskRow, vmRow } from '../fixtures/rows.ts';
import type { VirtualMachine, VirtualMachineInstance } from '../kinds.ts';
import { STARTED_WITH_ANNOTATION } from '../manifests/ownership.ts';
import type { MachineObjects } from './machine-objects.ts';
import { type MachineContext, readMachine } from './read-machine.ts';
import { isAccepted } from './reading.ts';

const NAMESPACE = 'tenant-demo';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH+3Vl0rWm1dZmZkUjQ5bXJ2b3JqZG5uN3hqZ2Z0bWJ5dXo admin';
const hashKeys = [Buffer.alloc(32, 7)];

const context = (opticalDisks: string[] = []): MachineContext => ({
  ...{ name: 'web', namespace: NAMESPACE, project: 'demo', catalogue: builtinCatalogue },
  opticalDisks: new Set(opticalDisks),
});

/** What the cluster would have of a row. */
function objectsOf(spec: Partial<VmInstanceSpec>, disks: readonly VmDisk[]): MachineObjects {
  const target = { vm: vmRow(spec), namespace: NAMESPACE, disks };
  const { virtualMachine, service, cloudInitSecret, sshKeysSecret } = vmManifests(target, {
    hashKeys,
    present: undefined,
  });
  return {
    virtualMachine,
    named: [cloudInitSecret, sshKeysSecret].filter((secret) => secret !== undefined),
    ...(service ? { service } : {}),
    ...(cloudInitSecret ? { userData: cloudInitSecret } : {}),
    ...(sshKeysSecret ? { sshKeys: sshKeysSecret } : {}),
  };
}

const specs = fc
  .record({
    strategy: fc.constantFrom({}, { running: true }, { running: false }, { runStrategy: 'RerunOnFailure' as const }),
    size: fc.constantFrom<Partial<VmInstanceSpec>>(
      { instanceType: 'u1.medium' },
      { instanceType: 'm1.large' },
      { instanceType: '', resources: { cpu: '2', memory: '4Gi' } },
      { instanceType: '', resources: { cpu: 1, sockets: 2, memory: '4096Mi' } },
    ),
    disks: fc.uniqueArray(
      fc.record({
        name: fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/),
        bus: fc.constantFrom(undefined, 'virtio' as const, 'sata' as const, 'scsi' as const, 'usb' as const),
        optical: fc.boolean(),
      }),
      { maxLength: 5, selector: ({ name }) => name },
    ),
    exposure: fc.constantFrom<Partial<VmInstanceSpec>>(
      {},
      { external: true, externalPorts: [22, 443] },
      { external: true, externalMethod: 'WholeIP' },
      { external: true, externalMethod: 'WholeIP', externalPorts: [80] },
    ),
    sshKeys: fc.array(fc.constantFrom(KEY, 'ssh-ed25519 BBBB other'), { maxLength: 12 }),
    cloudInit: fc.constantFrom('', '#cloud-config\npackages: [nginx]\n', 'ä\n'),
    cloudInitSeed: fc.constantFrom('', 'again'),
  })
  .map(({ strategy, size, disks, exposure, ...rest }) => ({
    spec: {
      ...{ instanceProfile: 'ubuntu', ...strategy, ...size, ...exposure, ...rest },
      disks: disks.map(({ name, bus }) => (bus === undefined ? name : { name, bus })),
    },
    optical: disks.filter((disk) => disk.optical).map(({ name }) => name),
  }));

/** The bus of an optical disk may be written in three ways that come to the same machine. */
function withoutRecord(machine: VirtualMachine): VirtualMachine {
  const copy = structuredClone(machine);
  delete copy.metadata.annotations;
  delete copy.spec.template.metadata.annotations?.[STARTED_WITH_ANNOTATION];
  return copy;
}

describe('a machine read back from its objects', () => {
  it('renders to the same objects again, and loses nothing', () => {
    fc.assert(
      fc.property(specs, ({ spec, optical }) => {
        const disks = spec.disks.map((entry) =>
          diskRow({ optical: optical.includes(diskName(entry)) }, { name: diskName(entry) }),
        );
        const before = objectsOf(spec, disks);
        const { losses, spec: read, identity } = readMachine(before, context(optical));
        expect(losses).toEqual([]);
        const vm = vmRow({ instanceType: '', ...read }, { status: { ...vmRow().status, identity } });
        const after = vmManifests({ vm, namespace: NAMESPACE, disks }, { hashKeys, present: undefined });
        expect(withoutRecord(after.virtualMachine)).toEqual(withoutRecord(before.virtualMachine));
        expect(after.service).toEqual(before.service);
        expect(after.sshKeysSecret).toEqual(before.sshKeys);
        expect(after.cloudInitSecret).toEqual(before.userData);
      }),
      { numRuns: 100 },
    );
  });
});

const incarnation = {
  ...{ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance' },
  metadata: { name: 'vm-instance-web', namespace: NAMESPACE },
  spec: { domain: { firmware: { uuid: GUEST_UUID } } },
  status: { phase: 'Running', interfaces: [{ mac: GUEST_MAC }] },
} satisfies VirtualMachineInstance;

function cozystack(ports?: number[]): MachineObjects {
  const [sshKeys, userData] = cozystackSecrets('web', NAMESPACE, KEY, '#cloud-config\n');
  const virtualMachine = cozystackMachine('web', NAMESPACE);
  const service = cozystackService('web', NAMESPACE, ports);
  return {
    virtualMachine,
    machine: incarnation,
    service,
    named: [],
    ...(sshKeys && userData ? { sshKeys, userData } : {}),
  };
}

/** Of a Cozystack machine whose template was changed. */
function lossesWith(change: (machine: VirtualMachine) => unknown): string[] {
  const virtualMachine = cozystackMachine('web', NAMESPACE);
  change(virtualMachine);
  return readMachine({ ...cozystack([22]), virtualMachine }, context()).losses.map(({ path }) => path);
}

describe('a machine that Cozystack made', () => {
  it('is said in full by a row, with the identity that its guest has', () => {
    expect(readMachine(cozystack([22, 443]), context())).toMatchObject({
      spec: {
        ...{ external: true, externalMethod: 'PortList', externalPorts: [22, 443], running: true },
        ...{ instanceType: 'u1.medium', instanceProfile: 'ubuntu', disks: ['system'] },
        ...{ sshKeys: [KEY], cloudInit: '#cloud-config\n', cloudInitSeed: '' },
      },
      identity: { firmwareUuid: GUEST_UUID, macAddress: GUEST_MAC },
      losses: [],
      refusals: [],
    });
  });

  it('loses the placeholder of its Service, which a machine that is not exposed does not have', () => {
    const { spec, losses } = readMachine(cozystack(), context());
    expect(spec).toMatchObject({ external: false, externalPorts: [] });
    expect(losses).toMatchObject([{ path: 'service', consequence: expect.stringContaining('It is deleted') }]);
    expect(losses.every((loss) => isAccepted(loss, ['service']))).toBe(true);
  });

  it('cannot be adopted while what it names is missing or it is being deleted', () => {
    const { userData: _gone, ...objects } = cozystack([22]);
    expect(readMachine(objects, context()).refusals).toEqual([
      'The Secret vm-instance-web-cloud-init, which the machine names, does not exist.',
    ]);
    const virtualMachine = cozystackMachine('web', NAMESPACE);
    virtualMachine.metadata.deletionTimestamp = '2026-11-23T00:00:00Z';
    expect(readMachine({ ...cozystack([22]), virtualMachine }, context()).refusals).toEqual([
      'The VirtualMachine is being deleted.',
    ]);
  });
});

describe('nothing of a machine is lost in silence:', () => {
  const template = (machine: VirtualMachine) => machine.spec.template.spec as unknown as Record<string, unknown>;
  const domain = (machine: VirtualMachine) => machine.spec.template.spec.domain as unknown as Record<string, unknown>;
  it.each<[string, (machine: VirtualMachine) => unknown, string]>([
    ['a node selector', (vm) => (template(vm).nodeSelector = { zone: 'a' }), 'spec.template.spec.nodeSelector'],
    ['a model of CPU', (vm) => (domain(vm).cpu = { model: 'host' }), 'spec.template.spec.domain.cpu'],
    [
      'a longer grace',
      (vm) => (template(vm).terminationGracePeriodSeconds = 90),
      'spec.template.spec.terminationGracePeriodSeconds',
    ],
    [
      'another network',
      (vm) => vm.spec.template.spec.networks.push({ name: 'more', pod: {} }),
      'spec.template.spec.networks[more]',
    ],
    [
      'volumes of its own',
      (vm) => Object.assign(vm.spec, { dataVolumeTemplates: [{ metadata: { name: 'x' } }] }),
      'spec.dataVolumeTemplates',
    ],
    [
      'another name of a volume',
      (vm) => {
        for (const list of [vm.spec.template.spec.volumes, vm.spec.template.spec.domain.devices.disks]) {
          const [first] = list ?? [];
          if (first) first.name = 'root';
        }
      },
      'spec.template.spec.domain.devices.disks[root]',
    ],
    [
      'a GPU',
      (vm) => Object.assign(vm.spec.template.spec.domain.devices, { gpus: [{ name: 'gpu1' }] }),
      'spec.template.spec.domain.devices.gpus',
    ],
    [
      'a pinned address',
      (vm) =>
        Object.assign(vm.spec.template.metadata.annotations ?? {}, { 'ovn.kubernetes.io/ip_address': '10.0.0.7' }),
      'spec.template.metadata.annotations.ovn.kubernetes.io/ip_address',
    ],
    [
      'another kind of network',
      (vm) =>
        Object.assign(vm.spec.template.spec.domain.devices, { interfaces: [{ name: 'default', masquerade: {} }] }),
      'spec.template.spec.domain.devices.interfaces[default].masquerade',
    ],
  ])('%s', (_what, change, path) => {
    expect(lossesWith(change)).toContain(path);
  });

  it('what guards the Service, and what else its Secret holds, without showing it', () => {
    const objects = cozystack([22]);
    Object.assign(objects.service?.spec ?? {}, { loadBalancerSourceRanges: ['10.0.0.0/8'] });
    Object.assign(objects.userData?.data ?? {}, { networkdata: Buffer.from('hidden').toString('base64') });
    const { losses } = readMachine(objects, context());
    expect(losses.map(({ path }) => path)).toEqual(['userData.networkdata', 'service.spec.loadBalancerSourceRanges']);
    expect(JSON.stringify(losses)).not.toContain('hidden');
  });

  it('the older word for its power, a claim instead of a DataVolume and user data in the template are no losses', () => {
    expect(
      lossesWith((machine) => {
        const { runStrategy: _newer, ...spec } = machine.spec;
        machine.spec = { ...spec, running: true };
        machine.spec.template.spec.volumes = [
          { name: 'disk-system', persistentVolumeClaim: { claimName: 'vm-disk-system' } },
          { name: 'cloudinitdisk', cloudInitNoCloud: { userData: '#cloud-config\n' } },
        ];
      }),
    ).toEqual([]);
  });
});
