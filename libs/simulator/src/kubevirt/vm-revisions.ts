/**
 * The VM's spec as it was last started, kept in a ControllerRevision.
 *
 * It is what "the running machine" is compared with for RestartRequired; one revision for each VM, the older one goes when a new
 * generation is started.
 */
import type { KubeClient } from '@compute/kube-client';
import { controllerRef, isAlreadyExists } from '@compute/kube-client';
import { type ControllerRevision, controllerRevisions } from './kinds.ts';
import type { VirtualMachine, VirtualMachineInstance, VmSpec } from './objects.ts';

export class VmRevisions {
  readonly #client: KubeClient;
  readonly #specs = new Map<string, VmSpec>();
  readonly #latest = new Map<string, string>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Stores the spec of this generation and removes older ones; returns the revision's name. */
  async store(vm: VirtualMachine): Promise<string> {
    const revision = vmRevision(vm);
    try {
      await this.#client.create(controllerRevisions, revision);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    await this.#removeOlder(vm, revision.metadata.name);
    return revision.metadata.name;
  }

  /** The spec that the VMI was started from, or undefined when its revision is gone. */
  async started(vmi: VirtualMachineInstance): Promise<VmSpec | undefined> {
    const name = vmi.status?.virtualMachineRevisionName;
    if (name === undefined) return undefined;
    const namespace = vmi.metadata.namespace ?? '';
    const key = `${namespace}/${name}`;
    const known = this.#specs.get(key);
    if (known !== undefined) return known;
    const revision = await this.#client.get(controllerRevisions, { namespace, name });
    const spec = revision?.data?.spec as VmSpec | undefined;
    if (spec !== undefined) this.#specs.set(key, spec);
    return spec;
  }

  /** Drops what is remembered of a VM that is gone. */
  forget(vm: VirtualMachine): void {
    this.#latest.delete(vm.metadata.uid ?? '');
    const prefix = `${vm.metadata.namespace ?? ''}/${revisionPrefix(vm)}`;
    for (const key of this.#specs.keys()) if (key.startsWith(prefix)) this.#specs.delete(key);
  }

  /** Removes the revision before this one; one that is missed here goes with the VM, by its owner reference. */
  async #removeOlder(vm: VirtualMachine, current: string): Promise<void> {
    const uid = vm.metadata.uid ?? '';
    const older = this.#latest.get(uid) ?? `${revisionPrefix(vm)}${vm.status?.observedGeneration ?? ''}`;
    this.#latest.set(uid, current);
    if (older === current || older === revisionPrefix(vm)) return;
    await this.#client.delete(controllerRevisions, { namespace: vm.metadata.namespace ?? '', name: older });
  }
}

function revisionPrefix(vm: VirtualMachine): string {
  return `revision-start-vm-${vm.metadata.uid ?? ''}-`;
}

/** The frozen spec names the frozen instance type and preference, so that it can be expanded the same way later. */
function vmRevision(vm: VirtualMachine): ControllerRevision {
  const spec = structuredClone(vm.spec);
  const typeRevision = vm.status?.instancetypeRef?.controllerRevisionRef?.name;
  const preferenceRevision = vm.status?.preferenceRef?.controllerRevisionRef?.name;
  if (spec.instancetype !== undefined && typeRevision !== undefined) spec.instancetype.revisionName = typeRevision;
  if (spec.preference !== undefined && preferenceRevision !== undefined)
    spec.preference.revisionName = preferenceRevision;
  const generation = vm.metadata.generation ?? 1;
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${revisionPrefix(vm)}${generation}`,
      namespace: vm.metadata.namespace ?? 'default',
      ownerReferences: [controllerRef(vm)],
    },
    data: { spec },
    revision: generation,
  };
}
