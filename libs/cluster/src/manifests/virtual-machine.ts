/**
 * A VMInstance as a KubeVirt VirtualMachine. No dataVolumeTemplates: disks have a life of their own, and deleting a
 * machine leaves them.
 *
 * Everything under `template.spec` that changes makes KubeVirt ask for a restart, so nothing that changes by itself may
 * stand there. KubeVirt copies the template's annotations to each incarnation that it starts: that is how a machine knows
 * what it was started with.
 */
import {
  diskName,
  GUEST_GRACE_SECONDS,
  given,
  runStrategyOf,
  type StartedWith,
  startRecord,
  type VmInstance,
  type VmInstanceSpec,
} from '@compute/domain';
import type { MachineSpec, VirtualMachine } from '../kinds.ts';
import { machineDisks } from './machine-disks.ts';
import { addressOf, firmwareUuid } from './machine-identity.ts';
import { canonicalJson, manifestHash, stamped } from './manifest-hash.ts';
import { cloudInitSecretName, sshKeysSecretName, vmObjectName } from './object-names.ts';
import { ownershipLabels, STARTED_WITH_ANNOTATION } from './ownership.ts';
import { type PresentVm, pluggedOf } from './present-vm.ts';

export interface VmManifestInput {
  readonly vm: VmInstance;
  readonly namespace: string;
  /** Names of its disks that are optical; only those that are known to be. */
  readonly opticalDisks: ReadonlySet<string>;
  /** What is in the cluster already; absent for a machine that is not. */
  readonly present?: PresentVm;
}

export function renderVirtualMachine(input: VmManifestInput): VirtualMachine {
  const { vm, namespace } = input;
  const mac = addressOf(vm);
  const machine = machineInput(input);
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
            [STARTED_WITH_ANNOTATION]: canonicalJson(machine.startsWith),
          },
        },
        spec: machineSpec(input, machine, mac),
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

/** What the next start takes over. */
export function startsWith(input: VmManifestInput): StartedWith {
  return machineInput(input).startsWith;
}

interface MachineInput {
  /** Without the disks that another machine has not let go of. */
  readonly spec: VmInstanceSpec;
  readonly plugged: ReadonlySet<string>;
  readonly startsWith: StartedWith;
}

function machineInput({ vm, namespace, opticalDisks, present }: VmManifestInput): MachineInput {
  const disks = vm.spec.disks.filter((entry) => !present?.withheld.has(diskName(entry)));
  const spec = { ...vm.spec, disks };
  const plugged = pluggedOf(disks, opticalDisks, present);
  // The row's memory comes first: the object may be gone, or changed by hand.
  const known = vm.status.identity?.firmwareUuid ?? present?.firmwareUuid;
  const uuid = firmwareUuid({
    namespace,
    vmName: vm.name,
    seed: spec.cloudInitSeed,
    ...(known === undefined ? {} : { present: known }),
  });
  return { spec, plugged, startsWith: startRecord(spec, { firmwareUuid: uuid, plugged }) };
}

function machineSpec(
  { vm, opticalDisks }: VmManifestInput,
  { spec, plugged, startsWith: { firmwareUuid: uuid } }: MachineInput,
  mac: string,
): MachineSpec {
  const cloudInitSecret = hasCloudInit(spec) ? cloudInitSecretName(vm.name) : undefined;
  const { disks, volumes } = machineDisks(spec.disks, { optical: opticalDisks, plugged }, cloudInitSecret);
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
    terminationGracePeriodSeconds: GUEST_GRACE_SECONDS,
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
