import type { VmInstanceSpec } from '@compute/domain';
import { describe, expect, it } from 'vitest';
import { VM_UID, vmRow } from '../fixtures/rows.ts';
import { macAddress } from './machine-identity.ts';
import { HASH_ANNOTATION } from './ownership.ts';
import type { PresentVm } from './present-vm.ts';
import { renderVirtualMachine } from './virtual-machine.ts';

/** A machine that is in the cluster, but off. */
const STOPPED: PresentVm = {
  firmwareUuid: undefined,
  plugDisks: new Set(),
  bootDisks: undefined,
  withheld: new Set(),
};

const render = (spec: Partial<VmInstanceSpec>, optical: string[] = [], presentFirmwareUuid?: string) =>
  renderVirtualMachine({
    vm: vmRow(spec),
    namespace: 'tenant-demo',
    opticalDisks: new Set(optical),
    ...(presentFirmwareUuid === undefined ? {} : { present: { ...STOPPED, firmwareUuid: presentFirmwareUuid } }),
  });
const machine = (...args: Parameters<typeof render>) => render(...args).spec.template.spec;

describe('a machine as a VirtualMachine', () => {
  it('is the golden object for a production machine', () => {
    const labels = {
      'app.kubernetes.io/name': 'vm-instance',
      'app.kubernetes.io/instance': 'vm-instance-web',
      'app.kubernetes.io/managed-by': 'compute-control-plane',
      'compute.cozystack.io/uid': VM_UID,
      'compute.cozystack.io/kind': 'VMInstance',
      'compute.cozystack.io/project': 'demo',
      'compute.cozystack.io/name': 'web',
    };
    const mac = macAddress(VM_UID);
    const spec = {
      running: true,
      disks: ['prod-system', 'prod-data'],
      sshKeys: ['ssh-ed25519 AAAA admin'],
      cloudInit: '#cloud-config\n',
    };
    expect(render(spec)).toEqual({
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachine',
      metadata: {
        name: 'vm-instance-web',
        namespace: 'tenant-demo',
        labels,
        annotations: {
          'compute.cozystack.io/manifest-hash': expect.stringMatching(/^[0-9a-f]{32}$/),
          'compute.cozystack.io/generation': '1',
        },
      },
      spec: {
        runStrategy: 'Always',
        instancetype: { kind: 'VirtualMachineClusterInstancetype', name: 'u1.medium' },
        preference: { kind: 'VirtualMachineClusterPreference', name: 'ubuntu' },
        template: {
          metadata: {
            labels,
            annotations: {
              'kubevirt.io/allow-pod-bridge-network-live-migration': 'true',
              'ovn.kubernetes.io/mac_address': mac,
              'compute.cozystack.io/started-with': expect.stringContaining('"disks":["prod-system","prod-data"]'),
            },
          },
          spec: {
            domain: {
              firmware: {
                uuid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}$/),
              },
              devices: {
                disks: [
                  { name: 'disk-prod-system', bootOrder: 1, disk: {} },
                  { name: 'disk-prod-data', bootOrder: 2, disk: {} },
                  { name: 'cloudinitdisk', disk: {} },
                ],
                interfaces: [{ name: 'default', bridge: {}, macAddress: mac }],
              },
            },
            networks: [{ name: 'default', pod: {} }],
            volumes: [
              { name: 'disk-prod-system', dataVolume: { name: 'vm-disk-prod-system' } },
              { name: 'disk-prod-data', dataVolume: { name: 'vm-disk-prod-data' } },
              { name: 'cloudinitdisk', cloudInitNoCloud: { secretRef: { name: 'vm-instance-web-cloud-init' } } },
            ],
            accessCredentials: [
              {
                sshPublicKey: {
                  source: { secret: { secretName: 'vm-instance-web-ssh-keys' } },
                  propagationMethod: { noCloud: {} },
                },
              },
            ],
            terminationGracePeriodSeconds: 30,
          },
        },
      },
    });
  });

  it.each<[Partial<VmInstanceSpec>, string]>([
    [{}, 'Always'],
    [{ running: true }, 'Always'],
    [{ running: false }, 'Halted'],
    [{ runStrategy: 'RerunOnFailure' }, 'RerunOnFailure'],
  ])('translates %j to the run strategy %s', (spec, strategy) => {
    expect(render(spec).spec.runStrategy).toBe(strategy);
  });

  it.each<[string, VmInstanceSpec['disks'], string[], object]>([
    ['a disk leaves its bus to the preference', ['a'], [], { disk: {} }],
    ['a disk gets the bus that is written', [{ name: 'a', bus: 'scsi' }], [], { disk: { bus: 'scsi' } }],
    ['an optical disk is a CD-ROM on sata', ['a'], ['a'], { cdrom: { bus: 'sata' } }],
    ['an optical disk keeps a legal bus', [{ name: 'a', bus: 'scsi' }], ['a'], { cdrom: { bus: 'scsi' } }],
    ['an optical disk is never on virtio', [{ name: 'a', bus: 'virtio' }], ['a'], { cdrom: { bus: 'sata' } }],
  ])('%s', (_title, disks, optical, device) => {
    expect(machine({ disks }, optical).domain.devices.disks).toEqual([{ name: 'disk-a', bootOrder: 1, ...device }]);
  });

  it('names no disks, volumes or credentials where there are none', () => {
    const spec = machine({});
    expect(spec.domain.devices).not.toHaveProperty('disks');
    expect(spec).not.toHaveProperty('volumes');
    expect(spec).not.toHaveProperty('accessCredentials');
  });

  it('puts the keys of a machine without cloudInit on a cloud-init disk too', () => {
    expect(machine({ sshKeys: ['ssh-ed25519 AAAA a'] }).volumes?.map((volume) => volume.name)).toEqual([
      'cloudinitdisk',
    ]);
  });

  it('sizes a machine by its resources only when it has no instance type, since KubeVirt refuses both', () => {
    const resources = { cpu: '2', sockets: '3', memory: '6Gi' };
    const custom = render({ instanceType: '', resources });
    expect(custom.spec).not.toHaveProperty('instancetype');
    expect(custom.spec.template.spec.domain).toMatchObject({ cpu: { cores: 2, sockets: 3 }, memory: { guest: '6Gi' } });
    expect(machine({ instanceType: '', resources: { cpu: '2', memory: '6Gi' } }).domain.cpu).toEqual({
      cores: 2,
      sockets: 1,
    });
    const typed = machine({ instanceType: 'u1.medium', resources: { cpu: '', memory: '' } }).domain;
    expect(typed).not.toHaveProperty('cpu');
    expect(typed).not.toHaveProperty('memory');
  });

  it('keeps the firmware of the machine that exists when the seed is cleared, and changes it with a new seed', () => {
    const uuid = (seed: string, present?: string) =>
      machine({ cloudInitSeed: seed }, [], present).domain.firmware?.uuid;
    const seeded = uuid('first');
    expect(seeded).not.toBe(uuid(''));
    expect(uuid('', seeded)).toBe(seeded);
    expect(uuid('second', seeded)).not.toBe(seeded);
    expect(uuid('')).toBe(uuid(''));
  });

  it('keeps the firmware that its row remembers, whatever became of the object', () => {
    const known = { ...vmRow().status, identity: { firmwareUuid: 'c0ffee00-0000-4000-9000-000000000000' } };
    const uuid = (seed: string, present?: PresentVm) => {
      const vm = vmRow({ cloudInitSeed: seed }, { status: known });
      const input = { vm, namespace: 'tenant-demo', opticalDisks: new Set<string>(), ...(present ? { present } : {}) };
      return renderVirtualMachine(input).spec.template.spec.domain.firmware?.uuid;
    };
    expect(uuid('')).toBe(known.identity.firmwareUuid);
    expect(uuid('', { ...STOPPED, firmwareUuid: 'changed-by-hand' })).toBe(known.identity.firmwareUuid);
    expect(uuid('another')).not.toBe(known.identity.firmwareUuid);
  });

  it('keeps the address that it was adopted with', () => {
    const vm = vmRow({}, { status: { ...vmRow().status, identity: { macAddress: '0a:58:0a:f4:00:1b' } } });
    const { template } = renderVirtualMachine({ vm, namespace: 'tenant-demo', opticalDisks: new Set() }).spec;
    expect(template.spec.domain.devices.interfaces[0]?.macAddress).toBe('0a:58:0a:f4:00:1b');
    expect(template.metadata.annotations?.['ovn.kubernetes.io/mac_address']).toBe('0a:58:0a:f4:00:1b');
  });

  it('keeps its hash over generations that render to the same object', () => {
    const hash = (generation: number, spec: Partial<VmInstanceSpec> = {}) => {
      const input = { vm: vmRow(spec, { generation }), namespace: 'tenant-demo', opticalDisks: new Set<string>() };
      return renderVirtualMachine(input).metadata.annotations?.[HASH_ANNOTATION];
    };
    expect(hash(5, { external: true, externalPorts: [22] })).toBe(hash(1));
    expect(hash(1, { running: false })).not.toBe(hash(1));
  });

  it('changes nothing in the template from one generation to the next, so that no restart is asked for', () => {
    const template = (generation: number) => {
      const input = { vm: vmRow({}, { generation }), namespace: 'tenant-demo', opticalDisks: new Set<string>() };
      return renderVirtualMachine(input).spec.template;
    };
    expect(template(2)).toEqual(template(1));
  });
});

describe('the address of a machine', () => {
  it('is unicast, locally administered and different for each machine', () => {
    const mac = macAddress(VM_UID);
    expect(mac).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    expect(macAddress(VM_UID)).toBe(mac);
    expect(macAddress('33333333-3333-4333-8333-333333333333')).not.toBe(mac);
  });
});

describe('the disks of a machine that is in the cluster', () => {
  const rendered = (spec: Partial<VmInstanceSpec>, present: Partial<PresentVm>, optical: string[] = []) =>
    renderVirtualMachine({
      vm: vmRow(spec),
      namespace: 'tenant-demo',
      opticalDisks: new Set(optical),
      present: { ...STOPPED, ...present },
    });
  const up = { bootDisks: new Set(['root']) };
  const disksOf = (vm: ReturnType<typeof rendered>) => vm.spec.template.spec.domain.devices.disks;
  const startedWith = (vm: ReturnType<typeof rendered>) =>
    JSON.parse(vm.spec.template.metadata.annotations?.['compute.cozystack.io/started-with'] ?? '');

  it('come while it runs when they stand at the end: on scsi, without a place in the boot order, not as what it started with', () => {
    const vm = rendered({ disks: ['root', 'data'] }, up);
    expect(disksOf(vm)).toEqual([
      { name: 'disk-root', bootOrder: 1, disk: {} },
      { name: 'disk-data', disk: { bus: 'scsi' } },
    ]);
    expect(vm.spec.template.spec.volumes?.[1]).toEqual({
      name: 'disk-data',
      dataVolume: { name: 'vm-disk-data', hotpluggable: true },
    });
    expect(startedWith(vm).disks).toEqual(['root']);
  });

  it('stay ones that come and go over a stop', () => {
    expect(disksOf(rendered({ disks: ['root', 'data'] }, { plugDisks: new Set(['data']) }))?.[1]?.disk?.bus).toBe(
      'scsi',
    );
    expect(disksOf(rendered({ disks: ['root', 'data'] }, {}))?.[1]).toEqual({
      name: 'disk-data',
      bootOrder: 2,
      disk: {},
    });
  });

  it('wait for the next start in front of others, and as CD-ROMs', () => {
    expect(disksOf(rendered({ disks: ['data', 'root'] }, up))?.map(({ bootOrder }) => bootOrder)).toEqual([1, 2]);
    expect(disksOf(rendered({ disks: ['root', 'iso'] }, up, ['iso']))?.[1]).toMatchObject({ cdrom: { bus: 'sata' } });
  });

  it('are left out while another machine has them', () => {
    const vm = rendered({ disks: ['root', 'data'] }, { ...up, withheld: new Set(['data']) });
    expect(vm.spec.template.spec.volumes?.map(({ name }) => name)).toEqual(['disk-root']);
  });
});
