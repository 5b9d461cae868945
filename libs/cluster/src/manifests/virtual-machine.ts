/**
 * A VMInstance as a KubeVirt VirtualMachine. No dataVolumeTemplates: disks have a life of their own, and deleting a
 * machine leaves them.
 *
 * Everything under `template` that changes makes KubeVirt ask for a restart, so nothing that changes by itself
 * (generation, hash) may stand there.
 */
import { given, runStrategyOf, type VmInstance, type VmInstanceSpec } from '@compute/domain';
import type { MachineSpec, VirtualMachine } from '../kinds.ts';
import { machineDisks } from './machine-disks.ts';
import { firmwareUuid, macAddress } from './machine-identity.ts';
import { manifestHash, stamped } from './manifest-hash.ts';
import { cloudInitSecretName, sshKeysSecretName, vmObjectName } from './object-names.ts';
import { ownershipLabels } from './ownership.ts';

const GRACE_PERIOD_SECONDS = 30;

export interface VmManifestInput {
  readonly vm: VmInstance;
  readonly namespace: string;
  /** Names of its disks that are optical; only those that are known to be. */
  readonly opticalDisks: ReadonlySet<string>;
  /** Firmware UUID of the VirtualMachine that exists, if one does. */
  readonly presentFirmwareUuid?: string;
}

export function renderVirtualMachine(input: VmManifestInput): VirtualMachine {
  const { vm, namespace } = input;
  const mac = macAddress(vm.uid);
  const manifest: VirtualMachine = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: vmObjectName(vm.name), namespace, labels: ownershipLabels(vm) },
    spec: {
      runStrategy: runStrategyOf(vm.spec),
      ...matchers(vm.spec),
      template: {
        metadata: {
          labels: ownershipLabels(vm),
          annotations: {
            'kubevirt.io/allow-pod-bridge-network-live-migration': 'true',
            // The pod network must expect the address that the guest has; other networks ignore the annotation.
            'ovn.kubernetes.io/mac_address': mac,
          },
        },
        spec: machineSpec(input, mac),
      },
    },
  };
  return stamped(manifest, manifestHash(manifest), vm.generation);
}

/** Whether a machine needs a NoCloud disk: keys reach the guest through its metadata, so keys alone need one too. */
export function hasCloudInit(spec: VmInstanceSpec): boolean {
  return spec.cloudInit !== '' || spec.sshKeys.length > 0;
}

function matchers(spec: VmInstanceSpec): Pick<VirtualMachine['spec'], 'instancetype' | 'preference'> {
  return {
    ...(given(spec.instanceType)
      ? { instancetype: { kind: 'VirtualMachineClusterInstancetype', name: spec.instanceType } }
      : {}),
    ...(given(spec.instanceProfile)
      ? { preference: { kind: 'VirtualMachineClusterPreference', name: spec.instanceProfile } }
      : {}),
  };
}

function machineSpec({ vm, namespace, opticalDisks, presentFirmwareUuid }: VmManifestInput, mac: string): MachineSpec {
  const { spec } = vm;
  const cloudInitSecret = hasCloudInit(spec) ? cloudInitSecretName(vm.name) : undefined;
  const { disks, volumes } = machineDisks(spec.disks, opticalDisks, cloudInitSecret);
  const uuid = firmwareUuid({
    namespace,
    vmName: vm.name,
    seed: spec.cloudInitSeed,
    ...(presentFirmwareUuid === undefined ? {} : { present: presentFirmwareUuid }),
  });
  return {
    domain: {
      ...customSize(spec),
      firmware: { uuid },
      devices: {
        ...(disks.length === 0 ? {} : { disks }),
        interfaces: [{ name: 'default', bridge: {}, macAddress: mac }],
      },
    },
    networks: [{ name: 'default', pod: {} }],
    ...(volumes.length === 0 ? {} : { volumes }),
    ...(spec.sshKeys.length === 0 ? {} : { accessCredentials: [sshAccess(vm.name)] }),
    terminationGracePeriodSeconds: GRACE_PERIOD_SECONDS,
  };
}

/** CPU and memory of a machine without instance type. With one, KubeVirt refuses both. */
function customSize(spec: VmInstanceSpec): Pick<MachineSpec['domain'], 'cpu' | 'memory'> {
  const { cpu, memory, sockets } = spec.resources ?? {};
  if (given(spec.instanceType) || !given(cpu) || !given(memory)) return {};
  return { cpu: { cores: Number(cpu), sockets: given(sockets) ? Number(sockets) : 1 }, memory: { guest: `${memory}` } };
}

function sshAccess(vmName: string): NonNullable<MachineSpec['accessCredentials']>[number] {
  return {
    sshPublicKey: {
      source: { secret: { secretName: sshKeysSecretName(vmName) } },
      propagationMethod: { noCloud: {} },
    },
  };
}
