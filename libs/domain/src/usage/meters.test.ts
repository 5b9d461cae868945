import { describe, expect, it } from 'vitest';
import { builtinCatalogue } from '../catalogue/catalogue.ts';
import { chargeVm, claimOfDisk, claimOfVm } from '../quota/claims.ts';
import type { VmDisk } from '../vm-disk/vm-disk.ts';
import type { VmInstance, VmInstanceSpec } from '../vm-instance/vm-instance.ts';
import { metersOf } from './meters.ts';

const spec: VmInstanceSpec = {
  external: true,
  externalMethod: 'PortList',
  externalPorts: [22],
  instanceType: 'u1.2xlarge',
  instanceProfile: 'ubuntu',
  disks: [],
  sshKeys: [],
  cloudInit: '',
  cloudInitSeed: '',
};
const meta = {
  uid: 'u',
  project: 'demo',
  name: 'n',
  labels: {},
  annotations: {},
  generation: 1,
  specVersion: 1,
  statusVersion: 1,
  resourceVersion: '1',
  createdAt: new Date(0),
  phaseSince: new Date(0),
  claim: {},
};
const vm = (phase: VmInstance['phase'], external?: string): VmInstance => ({
  ...meta,
  kind: 'VMInstance',
  spec,
  phase,
  status: {
    conditions: [],
    observedGeneration: 1,
    instanceType: chargeVm(spec, builtinCatalogue),
    ...(external ? { addresses: { external } } : {}),
  },
});

describe('meters', () => {
  it('stop running with the machine and keep what it still holds', () => {
    expect(metersOf(vm('Running', '203.0.113.1')).map((m) => m.meter)).toEqual([
      'vm.allocated',
      'vm.running',
      'ip.held',
    ]);
    expect(metersOf(vm('Stopped', '203.0.113.1')).map((m) => m.meter)).toEqual(['vm.allocated', 'ip.held']);
    expect(metersOf(vm('Deleting', '203.0.113.1'))).toEqual([]);
    expect(metersOf(vm('Pending'))).toEqual([]);
  });

  it('carry the price dimensions', () => {
    expect(metersOf(vm('Running'))[0]?.dimensions).toEqual({
      series: 'U',
      instanceType: 'u1.2xlarge',
      vcpu: 8,
      memoryGib: 32,
    });
  });

  it('charge storage only while it holds data', () => {
    const disk = (phase: VmDisk['phase']): VmDisk => ({
      ...meta,
      kind: 'VMDisk',
      spec: { source: {}, optical: false, storage: '1536Mi', storageClass: 'replicated' },
      phase,
      status: { conditions: [], observedGeneration: 1, attachedTo: [] },
    });
    expect(metersOf(disk('Importing'))).toEqual([]);
    expect(metersOf(disk('Ready'))).toEqual([
      { meter: 'disk.allocated', dimensions: { storageClass: 'replicated', storageGib: 1.5 } },
    ]);
  });
});

describe('claims', () => {
  it('of a machine are kept per series, an address beside them', () => {
    expect(claimOfVm(spec, chargeVm(spec, builtinCatalogue))).toEqual({
      'series:U/instances': 1,
      'series:U/vcpus': 8,
      'series:U/memoryMib': 32_768,
      'external/ips': 1,
    });
  });

  it('of a machine with resources of its own are custom', () => {
    const own = { ...spec, external: false, instanceType: '', resources: { cpu: '2', sockets: '2', memory: '4Gi' } };
    expect(claimOfVm(own, chargeVm(own, builtinCatalogue))).toEqual({
      'series:custom/instances': 1,
      'series:custom/vcpus': 4,
      'series:custom/memoryMib': 4096,
    });
  });

  it('of a disk are kept per storage class', () => {
    expect(claimOfDisk({ source: {}, optical: false, storage: '20Gi', storageClass: 'local' })).toEqual({
      'class:local/disks': 1,
      'class:local/storageMib': 20_480,
    });
  });
});
