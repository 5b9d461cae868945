/** Small valid objects for the tests of this folder. */
import type {
  DataVolume,
  PersistentVolumeClaim,
  Pod,
  VirtualMachine,
  VirtualMachineInstance,
  VmiStatus,
  VmSpec,
  VmStatus,
} from './objects.ts';
import type { VolumeLookup } from './volumes.ts';

export function sampleVm(spec: Partial<VmSpec> = {}, status?: VmStatus): VirtualMachine {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: 'v', namespace: 'ns', uid: 'vm-uid', generation: 1 },
    spec: {
      runStrategy: 'Always',
      template: {
        spec: {
          domain: {
            cpu: { cores: 1 },
            memory: { guest: '1Gi' },
            devices: {
              disks: [{ name: 'root', disk: { bus: 'virtio' } }],
              interfaces: [{ name: 'default', masquerade: {} }],
            },
          },
          networks: [{ name: 'default', pod: {} }],
          volumes: [{ name: 'root', dataVolume: { name: 'd' } }],
        },
      },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

export function sampleVmi(
  status: VmiStatus = {},
  metadata: Partial<VirtualMachineInstance['metadata']> = {},
): VirtualMachineInstance {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: {
      name: 'v',
      namespace: 'ns',
      uid: 'vmi-uid',
      annotations: { 'kubevirt.io/vm-generation': '1' },
      ...metadata,
    },
    spec: sampleVm().spec.template.spec,
    status,
  };
}

export function samplePod(status: Pod['status'] = { phase: 'Pending' }, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'virt-launcher-v-abcde', namespace: 'ns', uid: 'pod-uid', ...metadata },
    spec: { containers: [{ name: 'compute' }] },
    status,
  };
}

export function sampleDataVolume(phase: string, running?: { status: 'True' | 'False'; reason: string }): DataVolume {
  const conditions =
    running === undefined
      ? []
      : [
          { type: 'Running', ...running },
          { type: 'Ready', status: 'False' as const },
        ];
  return {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'DataVolume',
    metadata: { name: 'd', namespace: 'ns', uid: 'dv-uid' },
    spec: { source: { blank: {} } },
    status: { phase, conditions },
  };
}

export function sampleClaim(phase: 'Pending' | 'Bound' | 'Lost'): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: 'd',
      namespace: 'ns',
      ownerReferences: [
        { apiVersion: 'cdi.kubevirt.io/v1beta1', kind: 'DataVolume', name: 'd', uid: 'dv-uid', controller: true },
      ],
    },
    spec: {},
    status: { phase },
  };
}

export function sampleLookup(dataVolume?: DataVolume, claim?: PersistentVolumeClaim): VolumeLookup {
  return {
    dataVolume: (name) => (name === 'd' ? dataVolume : undefined),
    claim: (name) => (name === 'd' ? claim : undefined),
  };
}
