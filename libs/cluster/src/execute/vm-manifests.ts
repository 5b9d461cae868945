/** All manifests of one machine, rendered from its row, its disks' rows and what of it is in the cluster already. */
import type { StartedWith, VmRendered } from '@compute/domain';
import type { KubeObject } from '@compute/kube-client';
import type { Secret, Service, VirtualMachine } from '../kinds.ts';
import { type HashKeys, hashOf } from '../manifests/manifest-hash.ts';
import type { PresentVm } from '../manifests/present-vm.ts';
import { renderCloudInitSecret, renderSshKeysSecret } from '../manifests/secrets.ts';
import { renderService } from '../manifests/service.ts';
import { renderVirtualMachine, startsWith } from '../manifests/virtual-machine.ts';
import type { VmTarget } from '../targets.ts';
import { wantedContent } from '../view/owned-content.ts';

export interface VmManifests {
  readonly virtualMachine: VirtualMachine;
  readonly startsWith: StartedWith;
  readonly service?: Service;
  readonly cloudInitSecret?: Secret;
  readonly sshKeysSecret?: Secret;
}

export interface VmManifestContext {
  readonly hashKeys: HashKeys;
  readonly present: PresentVm | undefined;
}

export function vmManifests(target: VmTarget, { hashKeys, present }: VmManifestContext): VmManifests {
  const { vm, namespace, disks } = target;
  const opticalDisks = new Set(disks.filter((disk) => disk.spec.optical).map((disk) => disk.name));
  const input = { vm, namespace, opticalDisks, ...(present === undefined ? {} : { present }) };
  const secret = { vm, namespace, hashKeys };
  return {
    virtualMachine: renderVirtualMachine(input),
    startsWith: startsWith(input),
    service: renderService(vm, namespace),
    cloudInitSecret: renderCloudInitSecret({ ...secret, presentHash: present?.cloudInitHash }),
    sshKeysSecret: renderSshKeysSecret({ ...secret, presentHash: present?.sshKeysHash }),
  };
}

/** The hashes that the planner compares with those of the objects in the cluster. */
export function renderedHashes(manifests: VmManifests): VmRendered {
  const hash = (object: KubeObject | undefined) => (object === undefined ? undefined : hashOf(object));
  return {
    virtualMachine: hashOf(manifests.virtualMachine) ?? '',
    startsWith: manifests.startsWith,
    service: hash(manifests.service),
    cloudInitSecret: hash(manifests.cloudInitSecret),
    sshKeysSecret: hash(manifests.sshKeysSecret),
    contents: contentsOf(manifests),
  };
}

function contentsOf({ startsWith: _record, ...objects }: VmManifests): NonNullable<VmRendered['contents']> {
  const wanted = Object.entries(objects).filter(([, object]) => object !== undefined);
  return Object.fromEntries(wanted.map(([name, object]) => [name, wantedContent(object)]));
}
