/**
 * virt-api's admission of VirtualMachineInstances: defaults and the finalizer that keeps a VMI until its pods are gone.
 *
 * Only KubeVirt itself changes the spec of a VMI; here everybody may, since the simulator has one kind of user.
 */
import type { Admission } from '@compute/kube-wire';
import type { VirtualMachineInstance } from '../objects.ts';
import { VMI_FINALIZER } from '../objects.ts';
import { defaultVmiSpec } from '../vmi-from-vm.ts';
import { denial } from './cause.ts';
import { diskCauses } from './disk-rules.ts';
import { hotplugCauses } from './hotplug-rules.ts';

/** The hooks of the kind VirtualMachineInstance. */
export const vmiAdmission: Admission = {
  prepare: ({ operation, object }) => {
    if (operation !== 'create') return;
    const vmi = object as VirtualMachineInstance;
    if (vmi.spec?.domain !== undefined) vmi.spec = defaultVmiSpec(vmi.spec);
    const finalizers = vmi.metadata.finalizers ?? [];
    if (!finalizers.includes(VMI_FINALIZER)) vmi.metadata.finalizers = [...finalizers, VMI_FINALIZER];
  },
  validate: ({ operation, object, previous }) => {
    const vmi = object as VirtualMachineInstance;
    if (operation === 'update' && vmi.metadata.deletionTimestamp === undefined) {
      const changes = hotplugCauses(previous as VirtualMachineInstance, vmi);
      if (changes.length > 0) throw denial('virtualmachineinstances-update-validator.kubevirt.io', changes);
    }
    if (operation !== 'create' || vmi.spec?.domain === undefined) return [];
    const causes = diskCauses('spec', vmi.spec);
    if (causes.length > 0) throw denial('virtualmachineinstances-create-validator.kubevirt.io', causes);
    return [];
  },
};
