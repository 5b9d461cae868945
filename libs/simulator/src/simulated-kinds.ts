/**
 * The kinds that the simulated cluster serves: those of kube-wire, with KubeVirt's admission in front of its kinds, and the few
 * that only the imitations need.
 */
import { clusterKinds, combineAdmission, type KindDefinition, resourceKey } from '@compute/kube-wire';
import { vmAdmission } from './kubevirt/api/vm-admission.ts';
import { vmiAdmission } from './kubevirt/api/vmi-admission.ts';

const ADMISSION = {
  'virtualmachines.kubevirt.io': vmAdmission,
  'virtualmachineinstances.kubevirt.io': vmiAdmission,
} as const;

const instancetype = {
  group: 'instancetype.kubevirt.io',
  version: 'v1beta1',
  namespaced: true,
  statusSubresource: false,
} as const;

const OWN: readonly KindDefinition[] = [
  {
    group: 'apps',
    version: 'v1',
    kind: 'ControllerRevision',
    plural: 'controllerrevisions',
    namespaced: true,
    statusSubresource: false,
    generation: 'none',
    strategicMerge: true,
    immutableFields: [{ path: 'data', message: 'field is immutable' }],
  },
  {
    ...instancetype,
    kind: 'VirtualMachineInstancetype',
    plural: 'virtualmachineinstancetypes',
    shortNames: ['vminstancetype', 'vminstancetypes', 'vmf', 'vmfs'],
  },
  {
    ...instancetype,
    kind: 'VirtualMachinePreference',
    plural: 'virtualmachinepreferences',
    shortNames: ['vmpref', 'vmprefs', 'vmp', 'vmps'],
  },
];

/** All kinds, for `startKubeServer`. */
export function simulatedKinds(): KindDefinition[] {
  const known = clusterKinds.map(withAdmission).map(readOnlyMetrics);
  const keys = new Set(known.map(resourceKey));
  return [...known, ...OWN.filter((kind) => !keys.has(resourceKey(kind)))];
}

function withAdmission(kind: KindDefinition): KindDefinition {
  const own = ADMISSION[resourceKey(kind) as keyof typeof ADMISSION];
  if (own === undefined) return kind;
  return { ...kind, admission: kind.admission === undefined ? own : combineAdmission(kind.admission, own) };
}

/** Figures are computed, not stored. */
function readOnlyMetrics(kind: KindDefinition): KindDefinition {
  return kind.group === 'metrics.k8s.io' ? { ...kind, verbs: ['get', 'list'] } : kind;
}
