/**
 * virt-api's admission of VirtualMachines: defaults, then everything that is refused at the door.
 *
 * The instance type and the preference are applied to a copy first, as upstream does, so that conflicts and unmet requirements
 * are told before anything else. A matcher that names nothing is let through here: the controller reports it in the status.
 */
import type { Admission, AdmissionRequest, StateReader } from '@compute/kube-wire';
import type { Instancetype, InstancetypeSpec, Preference, PreferenceSpec } from '../instancetype.ts';
import { applyInstancetype, instancetypeConflicts, isNamespacedMatcher, unmetRequirement } from '../instancetype.ts';
import type { Matcher, VirtualMachine, VmSpec } from '../objects.ts';
import { parseBytes } from '../quantity.ts';
import { defaultVmiSpec } from '../vmi-from-vm.ts';
import type { Cause } from './cause.ts';
import { denial, invalid } from './cause.ts';
import { diskCauses } from './disk-rules.ts';
import { networkCauses } from './network-rules.ts';

const WEBHOOK = 'virtualmachine-validator.kubevirt.io';
const STRATEGIES: readonly string[] = ['Halted', 'Manual', 'Always', 'RerunOnFailure', 'Once'];
const TEMPLATE = 'spec.template.spec';

/** The hooks of the kind VirtualMachine. */
export const vmAdmission: Admission = {
  prepare: (request) => {
    if (isSpecWrite(request)) setDefaults(request.object as VirtualMachine);
  },
  validate: (request) => {
    if (isSpecWrite(request)) refuse(request.object as VirtualMachine, request.state);
    return [];
  },
};

function isSpecWrite({ operation, subresource, object }: AdmissionRequest): boolean {
  return operation !== 'delete' && subresource === undefined && object.metadata.deletionTimestamp === undefined;
}

function setDefaults(vm: VirtualMachine): void {
  const spec = vm.spec?.template?.spec;
  if (spec?.domain === undefined) return;
  spec.architecture ??= 'amd64';
  if ((spec.domain.machine?.type ?? '') === '') spec.domain.machine = { ...spec.domain.machine, type: 'q35' };
  if (vm.spec.instancetype !== undefined) vm.spec.instancetype.kind ??= 'VirtualMachineClusterInstancetype';
  if (vm.spec.preference !== undefined) vm.spec.preference.kind ??= 'VirtualMachineClusterPreference';
}

function refuse(vm: VirtualMachine, state: StateReader): void {
  if (vm.spec?.template?.spec?.domain === undefined) {
    const message = 'missing virtual machine template.';
    throw denial(WEBHOOK, [{ type: 'FieldValueRequired', field: 'spec.template', message }]);
  }
  for (const causes of causeGroups(vm, state)) if (causes.length > 0) throw denial(WEBHOOK, causes);
}

/** Groups of refusals in the order of upstream's checks: the first group that is not empty is the answer. */
function* causeGroups(vm: VirtualMachine, state: StateReader): Generator<Cause[]> {
  const type = findType(vm, state);
  const preference = findPreference(vm, state);
  const template = vm.spec.template.spec;
  if (type !== undefined)
    yield instancetypeConflicts(type, template).map(({ field, message }) => invalid(field, message));
  const spec = defaultVmiSpec(applyInstancetype(template, type, preference));
  // A type that is not there gives nothing to compare with; the controller says that it is missing.
  const lacksType = vm.spec.instancetype !== undefined && type === undefined;
  const unmet = preference === undefined || lacksType ? undefined : unmetRequirement(type, preference, spec);
  if (unmet !== undefined) {
    const message = `failure checking preference requirements: ${unmet.message}`;
    yield [{ type: 'FieldValueNotFound', field: unmet.field, message }];
  }
  yield networkCauses(TEMPLATE, spec);
  yield [
    ...memoryCauses(vm.spec, spec.domain),
    ...diskCauses(TEMPLATE, spec),
    ...templateCauses(vm.spec),
    ...strategyCauses(vm.spec),
  ];
}

function memoryCauses(vmSpec: VmSpec, { memory, resources }: VmSpec['template']['spec']['domain']): Cause[] {
  const path = `${TEMPLATE}.domain`;
  const given = memory?.guest ?? resources?.requests?.memory ?? resources?.limits?.memory;
  if (given === undefined) {
    if (vmSpec.instancetype !== undefined) return [];
    const fields = [`${path}.memory.guest`, `${path}.resources.requests.memory`, `${path}.resources.limits.memory`];
    const message = `no memory requested, at least one of '${fields[0]}', '${fields[1]}' or '${fields[2]}' must be set`;
    return [{ type: 'FieldValueRequired', field: path, message }];
  }
  if (parseBytes(given) >= 1_000_000) return [];
  const field = `${path}.resources.requests.memory`;
  return [invalid(field, `${field} '${given}': must be greater than or equal to 1M.`)];
}

function strategyCauses({ running, runStrategy }: VmSpec): Cause[] {
  if (running !== undefined && runStrategy !== undefined) {
    const note = 'Note that Running is deprecated, please use RunStrategy instead';
    return [invalid('spec.running', `Running and RunStrategy are mutually exclusive. ${note}`)];
  }
  if (running === undefined && runStrategy === undefined)
    return [invalid('spec.running', 'RunStrategy must be specified')];
  if (runStrategy === undefined || STRATEGIES.includes(runStrategy)) return [];
  return [invalid('spec.runStrategy', `Invalid RunStrategy (${runStrategy})`)];
}

function templateCauses({ dataVolumeTemplates = [], template }: VmSpec): Cause[] {
  return dataVolumeTemplates.flatMap(({ metadata }, index) => {
    const field = `spec.dataVolumeTemplate[${index}]`;
    if ((metadata?.name ?? '') === '') {
      return [
        {
          type: 'FieldValueRequired' as const,
          field: `${field}.name`,
          message: "'name' field must not be empty for DataVolumeTemplate entry spec.dataVolumeTemplate[".concat(
            `${index}].`,
          ),
        },
      ];
    }
    const used = (template.spec.volumes ?? []).some(
      (volume) =>
        volume.dataVolume?.name === metadata.name || volume.persistentVolumeClaim?.claimName === metadata.name,
    );
    const message = `DataVolumeTemplate entry ${field} must be referenced in the VMI template's 'volumes' list`;
    return used ? [] : [invalid(field, message)];
  });
}

function findType(vm: VirtualMachine, state: StateReader): InstancetypeSpec | undefined {
  const { instancetype } = vm.spec;
  if (instancetype === undefined) return undefined;
  return (find(vm, instancetype, 'instancetype', state) as Instancetype | undefined)?.spec;
}

function findPreference(vm: VirtualMachine, state: StateReader): PreferenceSpec | undefined {
  const { preference } = vm.spec;
  if (preference === undefined) return undefined;
  return (find(vm, preference, 'preference', state) as Preference | undefined)?.spec;
}

function find(vm: VirtualMachine, matcher: Matcher, role: 'instancetype' | 'preference', state: StateReader): unknown {
  const namespace = vm.metadata.namespace ?? '';
  const frozen = matcher.revisionName ?? '';
  if (frozen !== '') {
    return (state.find('controllerrevisions.apps', namespace, frozen) as { data?: unknown } | undefined)?.data;
  }
  if (isNamespacedMatcher(matcher, role)) {
    return state.find(`virtualmachine${role}s.instancetype.kubevirt.io`, namespace, matcher.name ?? '');
  }
  return state.find(`virtualmachinecluster${role}s.instancetype.kubevirt.io`, '', matcher.name ?? '');
}
