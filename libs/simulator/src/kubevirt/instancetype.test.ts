import { describe, expect, test } from 'vitest';
import type { InstancetypeSpec, PreferenceSpec } from './instancetype.ts';
import { applyInstancetype, instancetypeConflicts, isNamespacedMatcher, unmetRequirement } from './instancetype.ts';
import type { VmiSpec } from './objects.ts';

const medium: InstancetypeSpec = { cpu: { guest: 1 }, memory: { guest: '4Gi' } };
const large: InstancetypeSpec = { cpu: { guest: 8 }, memory: { guest: '32Gi', hugepages: { pageSize: '2Mi' } } };
const ubuntu: PreferenceSpec = {
  requirements: { cpu: { guest: 1 }, memory: { guest: '2Gi' } },
  devices: { preferredDiskBus: 'virtio', preferredInterfaceModel: 'virtio' },
};

function spec(domain: VmiSpec['domain'] = {}): VmiSpec {
  return { domain };
}

describe('conflicts with the instance type', () => {
  test('a template without sizes has none', () => {
    expect(instancetypeConflicts(medium, spec({ cpu: { model: 'host-passthrough' } }))).toEqual([]);
  });

  test.each([
    ['spec.template.spec.domain.cpu.sockets', { cpu: { sockets: 2 } }],
    ['spec.template.spec.domain.cpu.cores', { cpu: { cores: 2 } }],
    ['spec.template.spec.domain.memory.guest', { memory: { guest: '1Gi' } }],
    ['spec.template.spec.domain.resources.requests.memory', { resources: { requests: { memory: '1Gi' } } }],
    ['spec.template.spec.domain.resources.limits.cpu', { resources: { limits: { cpu: '1' } } }],
  ])('%s conflicts', (field, domain) => {
    const message = `VM field(s) ${field} conflicts with selected instance type`;
    expect(instancetypeConflicts(medium, spec(domain))).toEqual([{ field, message }]);
  });
});

describe('requirements of the preference', () => {
  test('an instance type that is large enough passes', () => {
    expect(unmetRequirement(medium, ubuntu, spec())).toBeUndefined();
  });

  test('too little memory is refused with both figures', () => {
    const nano: InstancetypeSpec = { cpu: { guest: 1 }, memory: { guest: '512Mi' } };
    expect(unmetRequirement(nano, ubuntu, spec())?.message).toBe(
      'insufficient Memory resources of 512Mi provided by instance type, preference requires 2Gi',
    );
  });

  test('too few vCPUs are refused with both figures', () => {
    const oracle: PreferenceSpec = { requirements: { cpu: { guest: 2 } } };
    expect(unmetRequirement(medium, oracle, spec())?.message).toBe(
      'insufficient CPU resources of 1 vCPU provided by instance type, preference requires 2 vCPU',
    );
  });

  test('a machine with its own sizes is measured by them', () => {
    const own = spec({ cpu: { sockets: 1 }, memory: { guest: '1Gi' } });
    expect(unmetRequirement(undefined, ubuntu, own)?.message).toBe(
      'insufficient Memory resources of 1Gi provided by VirtualMachine, preference requires 2Gi',
    );
  });

  test('another architecture is refused', () => {
    const arm: PreferenceSpec = { requirements: { architecture: 'arm64' } };
    expect(unmetRequirement(medium, arm, spec())?.message).toBe(
      'preference requires architecture arm64 but amd64 is being requested',
    );
  });
});

describe('applying', () => {
  test('the instance type gives sockets, memory and huge pages', () => {
    const { domain } = applyInstancetype(spec({ cpu: { model: 'host-model' } }), large, ubuntu);
    expect(domain.cpu).toEqual({ model: 'host-model', sockets: 8, cores: 1, threads: 1 });
    expect(domain.memory).toEqual({ guest: '32Gi', hugepages: { pageSize: '2Mi' } });
  });

  test('a topology preference moves the vCPUs', () => {
    const cores = applyInstancetype(spec(), large, { cpu: { preferredCPUTopology: 'cores' } });
    expect(cores.domain.cpu).toMatchObject({ sockets: 1, cores: 8 });
  });

  test('a preference fills what is empty and leaves what was written', () => {
    const devices = { disks: [{ name: 'a' }, { name: 'b', disk: { bus: 'scsi' } }, { name: 'c', cdrom: {} }] };
    const next = applyInstancetype(spec({ devices }), undefined, ubuntu);
    expect(next.domain.devices?.disks).toEqual([
      { name: 'a', disk: { bus: 'virtio' } },
      { name: 'b', disk: { bus: 'scsi' } },
      { name: 'c', cdrom: {} },
    ]);
  });

  test('the given spec is not changed', () => {
    const given = spec();
    applyInstancetype(given, large, ubuntu);
    expect(given).toEqual({ domain: {} });
  });
});

test('only the namespaced kind is looked up in the namespace', () => {
  expect(isNamespacedMatcher({ kind: 'VirtualMachineInstancetype' }, 'instancetype')).toBe(true);
  expect(isNamespacedMatcher({ kind: 'VirtualMachineClusterInstancetype' }, 'instancetype')).toBe(false);
  expect(isNamespacedMatcher({}, 'preference')).toBe(false);
});
