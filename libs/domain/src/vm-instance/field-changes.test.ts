import { describe, expect, it } from 'vitest';
import { DISK_FIELD_CHANGES } from '../vm-disk/field-changes.ts';
import { validateDiskChange } from '../vm-disk/validate.ts';
import type { VmDiskSpec } from '../vm-disk/vm-disk.ts';
import { restartWarnings } from './change-warnings.ts';
import { bootDisks, pluggedDisks } from './disk-plugging.ts';
import { waitingFields } from './field-changes.ts';
import { startRecord } from './start-record.ts';
import type { StartedWith } from './started-with.ts';
import type { DiskEntry, VmInstance, VmInstanceSpec } from './vm-instance.ts';

const SPEC: VmInstanceSpec = {
  external: false,
  externalMethod: 'PortList',
  externalPorts: [],
  running: true,
  instanceType: 'u1.medium',
  instanceProfile: 'ubuntu',
  disks: ['root', 'data'],
  sshKeys: [],
  cloudInit: '',
  cloudInitSeed: '',
};
const record = (change: Partial<VmInstanceSpec> = {}, plugged: readonly string[] = [], firmwareUuid = 'uuid') =>
  startRecord({ ...SPEC, ...change }, { firmwareUuid, plugged: new Set(plugged) });
const waits = (wanted: StartedWith, started = record()) => waitingFields(started, wanted, false);

describe('the fields that wait for the next start', () => {
  it.each<[string, StartedWith, readonly string[]]>([
    ['nothing changed', record(), []],
    ['another type', record({ instanceType: 'u1.large' }), ['/spec/instanceType']],
    ['another profile', record({ instanceProfile: 'fedora' }), ['/spec/instanceProfile']],
    [
      'explicit resources instead of a type',
      record({ instanceType: '', resources: { cpu: 2, memory: '4Gi' } }),
      ['/spec/instanceType', '/spec/resources'],
    ],
    ['a disk at boot less', record({ disks: ['root'] }), ['/spec/disks']],
    ['another order', record({ disks: ['data', 'root'] }), ['/spec/disks']],
    ['another bus', record({ disks: ['root', { name: 'data', bus: 'sata' }] }), ['/spec/disks']],
    ['a disk that was plugged', record({ disks: ['root', 'data', 'more'] }, ['more']), []],
    ['a new identity for cloud-init', record({ cloudInitSeed: 'two' }, [], 'other'), ['/spec/cloudInitSeed']],
    ['a cleared seed, which keeps the identity', record({ cloudInitSeed: '' }), []],
    ['first keys', record({ sshKeys: ['k'] }), ['/spec/sshKeys']],
    ['first user data', record({ cloudInit: '#cloud-config' }), ['/spec/cloudInit']],
    ['ports', record({ external: true, externalPorts: [22] }), []],
  ])('%s', (_what, wanted, fields) => {
    expect(waits(wanted)).toEqual(fields);
  });

  it('are none for another text of user data, or for user data beside keys', () => {
    expect(waits(record({ cloudInit: 'b' }), record({ cloudInit: 'a' }))).toEqual([]);
    expect(waits(record({ sshKeys: ['k'], cloudInit: 'b' }), record({ sshKeys: ['k'] }))).toEqual([]);
  });

  it('do not name the size when the cluster could resize the guest while it ran', () => {
    expect(waitingFields(record(), record({ instanceType: 'u1.large' }), true)).toEqual([]);
  });

  it('take 4Gi and 4096Mi for one size', () => {
    const sized = (memory: string) => record({ instanceType: '', resources: { cpu: '1', memory } });
    expect(waits(sized('4096Mi'), sized('4Gi'))).toEqual([]);
  });
});

describe('the disks that may come and go while the machine runs', () => {
  const plugged = (entries: readonly DiskEntry[], boot: readonly string[], optical: readonly string[] = []) => [
    ...pluggedDisks(entries, { isOptical: (d) => optical.includes(d), mayPlug: (d) => !boot.includes(d) }),
  ];
  it.each<[string, readonly DiskEntry[], readonly string[]]>([
    ['one at the end', ['root', 'new'], ['new']],
    ['several at the end, in any number', ['root', 'new', 'newer'], ['newer', 'new']],
    ['none before a disk that is there at boot', ['new', 'root'], []],
    ['one on virtio', ['root', { name: 'new', bus: 'virtio' }], ['new']],
    ['none on sata or usb', ['root', { name: 'new', bus: 'sata' }, { name: 'newer', bus: 'usb' }], []],
    ['no CD-ROM', ['root', 'iso'], []],
  ])('%s', (_what, entries, names) => {
    expect(plugged(entries, ['root'], ['iso'])).toEqual(names);
  });

  it('are all others there at boot, in their order and with their bus', () => {
    const entries: DiskEntry[] = ['root', { name: 'cd', bus: 'sata' }, 'new'];
    expect(bootDisks(entries, new Set(['new']))).toEqual(['root', 'cd:sata']);
  });
});

describe('the warnings of an edit', () => {
  const vm = (phase: VmInstance['phase'], disks: VmInstance['status']['disks'] = []) =>
    ({ spec: SPEC, phase, status: { disks } }) as unknown as VmInstance;
  const warned = (before: VmInstance, after: Partial<VmInstanceSpec>, optical: readonly string[] = []) =>
    restartWarnings(before, { ...SPEC, ...after }, (disk) => optical.includes(disk)).map(({ pointer }) => pointer);

  it('name what a machine that is up takes over only at its next start', () => {
    expect(warned(vm('Running'), { instanceType: 'u1.large', cloudInitSeed: 'x' })).toEqual([
      '/spec/instanceType',
      '/spec/cloudInitSeed',
    ]);
    expect(warned(vm('Paused'), { disks: ['root'] })).toEqual(['/spec/disks']);
    expect(warned(vm('Running'), { disks: ['root', 'data', 'iso'] }, ['iso'])).toEqual(['/spec/disks']);
  });

  it('are none for disks that can be attached or detached at once', () => {
    expect(warned(vm('Running'), { disks: ['root', 'data', 'more'] })).toEqual([]);
    const came = vm('Running', [{ name: 'data', ready: true, attached: true, hotplugged: true }]);
    expect(warned(came, { disks: ['root'] })).toEqual([]);
  });

  it('are none for an edit that takes an earlier one back', () => {
    const before = { ...vm('Running'), spec: { ...SPEC, instanceType: 'u1.large', disks: ['root'] } };
    const running = { ...before, status: { ...before.status, startedWith: record() } };
    expect(warned(running, {})).toEqual([]);
    expect(warned(running, { instanceType: 'u1.xlarge', disks: ['root'] })).toEqual(['/spec/instanceType']);
  });

  it('are none for a machine that is off, or that the edit turns off', () => {
    expect(warned(vm('Stopped'), { instanceType: 'u1.large' })).toEqual([]);
    expect(warned(vm('Running'), { instanceType: 'u1.large', running: false })).toEqual([]);
  });
});

it('what the table of a disk calls refused is refused', () => {
  const spec: VmDiskSpec = { source: {}, optical: false, storage: '20Gi', storageClass: 'replicated' };
  const others: { readonly [Field in keyof VmDiskSpec]: VmDiskSpec[Field] } = {
    source: { image: { name: 'ubuntu-2404' } },
    optical: true,
    storage: '30Gi',
    storageClass: 'local',
  };
  for (const [field, { effect }] of Object.entries(DISK_FIELD_CHANGES)) {
    const changed = { ...spec, [field]: others[field as keyof VmDiskSpec] };
    const pointers = validateDiskChange(spec, changed).problems.map(({ pointer }) => pointer);
    expect(pointers).toEqual(effect === 'refused' ? [`/spec/${field}`] : []);
  }
});
