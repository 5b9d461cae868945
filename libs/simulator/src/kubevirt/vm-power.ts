/**
 * Starting and stopping: the only place that creates and deletes VMIs, and DataVolumes from templates.
 *
 * A VMI is created with the VM controller's finalizer, so that its end is recorded in the VM before it vanishes.
 */
import { controllerRef } from '@compute/kube-client';
import type { EventRecorder } from '../event-recorder.ts';
import type { DataVolume } from '../kinds.ts';
import { dataVolumes } from '../kinds.ts';
import type { ControllerContext } from './controller-context.ts';
import { SyncError } from './controller-context.ts';
import type { Expectations } from './expectations.ts';
import type { InstancetypeStore } from './instancetype-store.ts';
import { virtualMachineInstances } from './kinds.ts';
import type { KubeVirtCache } from './kubevirt-cache.ts';
import type { DataVolumeTemplate, VirtualMachine, VirtualMachineInstance } from './objects.ts';
import type { VmRevisions } from './vm-revisions.ts';
import { vmiFromVm } from './vmi-from-vm.ts';

/** DataVolumes of these phases do not hold back the start. */
const STARTABLE_PHASES: readonly string[] = ['Succeeded', 'WaitForFirstConsumer', 'PendingPopulation'];

export interface PowerParts {
  context: ControllerContext;
  cache: KubeVirtCache;
  expectations: Expectations;
  recorder: EventRecorder;
  types: InstancetypeStore;
  revisions: VmRevisions;
}

export class VmPower {
  readonly #parts: PowerParts;

  constructor(parts: PowerParts) {
    this.#parts = parts;
  }

  /** Creates the VMI. Throws SyncError (FailedCreate) when the API server refuses it. */
  async start(vm: VirtualMachine): Promise<void> {
    const { context, expectations, recorder, types, revisions } = this.#parts;
    const resolved = await types.resolve(vm);
    const vmi = vmiFromVm(vm, { ...resolved, revisionName: await revisions.store(vm) });
    try {
      const created = await context.client.create(virtualMachineInstances, vmi);
      const seen = this.#parts.cache.vmis.getByKey(keyOf(vm));
      expectations.expectCreation(keyOf(vm), created.metadata.uid ?? '', seen);
    } catch (error) {
      const message = messageOf(error);
      void recorder.tell(vm, 'Warning', 'FailedCreate', `Error creating virtual machine instance: ${message}`);
      throw new SyncError('FailedCreate', `failure while starting VMI: ${message}`, error);
    }
    const text = `Started the virtual machine by creating the new virtual machine instance ${vm.metadata.name}`;
    void recorder.tell(vm, 'Normal', 'SuccessfulCreate', text);
  }

  /** Deletes the VMI, unless it is going already. */
  async stop(vm: VirtualMachine, vmi: VirtualMachineInstance): Promise<void> {
    if (vmi.metadata.deletionTimestamp !== undefined) return;
    const { context, expectations, recorder } = this.#parts;
    const { namespace = '', name, uid = '' } = vmi.metadata;
    await context.client.delete(virtualMachineInstances, { namespace, name }, { uid });
    expectations.expectDeletion(keyOf(vm), uid, this.#parts.cache.vmis.getByKey(keyOf(vm)));
    const text = `Stopped the virtual machine by deleting the virtual machine instance ${uid}`;
    void recorder.tell(vm, 'Normal', 'SuccessfulDelete', text);
  }

  /** Creates what is missing of the VM's dataVolumeTemplates; true when none of them holds back the start. */
  async prepareDataVolumes(vm: VirtualMachine): Promise<boolean> {
    let ready = true;
    for (const template of vm.spec.dataVolumeTemplates ?? []) {
      const found = this.#parts.cache.dataVolumes.get(vm.metadata.namespace, template.metadata.name);
      if (found === undefined) await this.#createDataVolume(vm, template);
      ready &&= found !== undefined && STARTABLE_PHASES.includes(found.status?.phase ?? '');
      if (found !== undefined) this.#reportQuota(found);
    }
    return ready;
  }

  async #createDataVolume(vm: VirtualMachine, template: DataVolumeTemplate): Promise<void> {
    const { context, recorder } = this.#parts;
    const { name } = template.metadata;
    try {
      await context.client.create(dataVolumes, dataVolumeFrom(vm, template));
    } catch (error) {
      if (this.#parts.cache.dataVolumes.get(vm.metadata.namespace, name) !== undefined) return;
      const message = messageOf(error);
      if (message.includes('already exists')) return;
      void recorder.tell(vm, 'Warning', 'FailedDataVolumeCreate', `Error creating DataVolume ${name}: ${message}`);
      const text = `Error encountered while creating DataVolumes: failed to create DataVolume: ${message}`;
      throw new SyncError('FailedCreate', text, error);
    }
    void recorder.tell(vm, 'Normal', 'SuccessfulDataVolumeCreate', `Created DataVolume ${name}`);
  }

  #reportQuota(dataVolume: DataVolume): void {
    const bound = dataVolume.status?.conditions?.find(({ type }) => type === 'Bound');
    if (dataVolume.status?.phase !== 'Pending' || bound?.reason !== 'ErrExceededQuota') return;
    const message = `DataVolume ${dataVolume.metadata.name} importer is not running due to an error: ${bound.message ?? ''}`;
    throw new SyncError('FailedCreate', `Error encountered while creating DataVolumes: ${message}`);
  }
}

function dataVolumeFrom(vm: VirtualMachine, template: DataVolumeTemplate): DataVolume {
  const { name, labels, annotations } = template.metadata;
  return {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'DataVolume',
    metadata: {
      name,
      namespace: vm.metadata.namespace ?? 'default',
      labels: { ...labels, 'kubevirt.io/created-by': vm.metadata.uid ?? '' },
      annotations: { ...annotations, 'cdi.kubevirt.io/allowClaimAdoption': 'true' },
      ownerReferences: [controllerRef(vm)],
    },
    spec: structuredClone(template.spec) as DataVolume['spec'],
  };
}

function keyOf(vm: VirtualMachine): string {
  return `${vm.metadata.namespace ?? ''}/${vm.metadata.name}`;
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
