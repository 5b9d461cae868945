/** Kinds that only the KubeVirt imitation speaks about. */
import { type KubeObject, resourceKind } from '@compute/kube-client';
import type { Instancetype, Preference } from './instancetype.ts';
import type { VirtualMachine, VirtualMachineInstance } from './objects.ts';

export interface ControllerRevision extends KubeObject {
  data?: Record<string, unknown>;
  revision: number;
}

export const virtualMachines = resourceKind<VirtualMachine>({
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'VirtualMachine',
  plural: 'virtualmachines',
  namespaced: true,
});
export const virtualMachineInstances = resourceKind<VirtualMachineInstance>({
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'VirtualMachineInstance',
  plural: 'virtualmachineinstances',
  namespaced: true,
});
export const clusterInstancetypes = resourceKind<Instancetype>({
  group: 'instancetype.kubevirt.io',
  version: 'v1beta1',
  kind: 'VirtualMachineClusterInstancetype',
  plural: 'virtualmachineclusterinstancetypes',
  namespaced: false,
});
export const instancetypes = resourceKind<Instancetype>({
  group: 'instancetype.kubevirt.io',
  version: 'v1beta1',
  kind: 'VirtualMachineInstancetype',
  plural: 'virtualmachineinstancetypes',
  namespaced: true,
});
export const clusterPreferences = resourceKind<Preference>({
  group: 'instancetype.kubevirt.io',
  version: 'v1beta1',
  kind: 'VirtualMachineClusterPreference',
  plural: 'virtualmachineclusterpreferences',
  namespaced: false,
});
export const preferences = resourceKind<Preference>({
  group: 'instancetype.kubevirt.io',
  version: 'v1beta1',
  kind: 'VirtualMachinePreference',
  plural: 'virtualmachinepreferences',
  namespaced: true,
});
export const controllerRevisions = resourceKind<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
});
