/** All manifests of one machine, rendered from its row, its disks' rows and the firmware of the machine that exists. */
import type { VmRendered } from '@compute/domain';
import type { KubeObject } from '@compute/kube-client';
import type { Secret, Service, VirtualMachine } from '../kinds.ts';
import { hashOf } from '../manifests/manifest-hash.ts';
import { renderCloudInitSecret, renderSshKeysSecret } from '../manifests/secrets.ts';
import { renderService } from '../manifests/service.ts';
import { renderVirtualMachine } from '../manifests/virtual-machine.ts';
import type { VmTarget } from '../targets.ts';

export interface VmManifests {
  readonly virtualMachine: VirtualMachine;
  readonly service?: Service;
  readonly cloudInitSecret?: Secret;
  readonly sshKeysSecret?: Secret;
}

export interface VmManifestContext {
  readonly hashKey: Uint8Array;
  readonly presentFirmwareUuid: string | undefined;
}

export function vmManifests(target: VmTarget, { hashKey, presentFirmwareUuid }: VmManifestContext): VmManifests {
  const { vm, namespace, disks } = target;
  const opticalDisks = new Set(disks.filter((disk) => disk.spec.optical).map((disk) => disk.name));
  return {
    virtualMachine: renderVirtualMachine({ vm, namespace, opticalDisks, presentFirmwareUuid }),
    service: renderService(vm, namespace),
    cloudInitSecret: renderCloudInitSecret({ vm, namespace, hashKey }),
    sshKeysSecret: renderSshKeysSecret({ vm, namespace, hashKey }),
  };
}

/** The hashes that the planner compares with those of the objects in the cluster. */
export function renderedHashes(manifests: VmManifests): VmRendered {
  const hash = (object: KubeObject | undefined) => (object === undefined ? undefined : hashOf(object));
  return {
    virtualMachine: hashOf(manifests.virtualMachine) ?? '',
    service: hash(manifests.service),
    cloudInitSecret: hash(manifests.cloudInitSecret),
    sshKeysSecret: hash(manifests.sshKeysSecret),
  };
}
