/**
 * A machine that somebody else made, as a row: its spec, its identity, and what neither can say. The spec is rendered
 * again and compared with what is there, so that nothing is lost in silence, whatever the object has. Pure.
 */
import {
  type Catalogue,
  NAME_MAX_LENGTH,
  nameProblems,
  type ResourceMeta,
  type VmInstance,
  validateVmSpec,
} from '@compute/domain';
import { canonicalJson } from '../manifests/manifest-hash.ts';
import { renderService } from '../manifests/service.ts';
import { renderVirtualMachine, startsWith, type VmManifestInput } from '../manifests/virtual-machine.ts';
import { disksOfManifest } from '../view/project-disks.ts';
import { differences } from './differences.ts';
import { lossesOfMachine, lossesOfSecrets, lossesOfService, lossOfIdentity } from './machine-losses.ts';
import { normalMachine } from './machine-normal-form.ts';
import { type MachineObjects, sshKeysSecretOf, userDataSecretOf } from './machine-objects.ts';
import { identityOf, machineSpec } from './machine-spec.ts';
import type { MachineReading } from './reading.ts';

export interface MachineContext {
  readonly name: string;
  readonly namespace: string;
  readonly project: string;
  readonly catalogue: Catalogue;
  /** Names of its disks that are optical. */
  readonly opticalDisks: ReadonlySet<string>;
  /** For a machine that names no preference: a row must name one. */
  readonly profile?: string;
}

export function readMachine(objects: MachineObjects, context: MachineContext): MachineReading {
  const { name, profile } = context;
  const spec = machineSpec(objects, profile);
  const identity = identityOf(objects);
  const row = rowOfMachine({ ...context, uid: '' }, { spec, identity });
  const input = manifestInput(objects, row, context);
  const rendered = normalMachine(renderVirtualMachine(input), name);
  const found = normalMachine(objects.virtualMachine, name);
  const all = differences(found, rendered, { path: 'spec', inList: false });
  return {
    ...{ name, spec, identity, differences: all },
    losses: [
      ...lossesOfMachine(all),
      ...lossOfIdentity(identity),
      ...lossesOfSecrets(objects),
      ...lossesOfService(objects.service, renderService(row, context.namespace)),
    ],
    refusals: [...refusalsOf(objects), ...specRefusals(name, spec, context.catalogue)],
  };
}

/** What the machine that is up now was started with, for its annotation; undefined when it may differ from its template. */
export function startRecordOf(objects: MachineObjects, row: VmInstance, context: MachineContext): string | undefined {
  const conditions = objects.virtualMachine.status?.conditions ?? [];
  const isOutdated = conditions.some(({ type, status }) => type === 'RestartRequired' && status === 'True');
  return isOutdated ? undefined : canonicalJson(startsWith(manifestInput(objects, row, context)));
}

/** The row as it would be made. Its first look fills in what is missing. */
export function rowOfMachine(
  { uid, project, name }: Pick<ResourceMeta, 'uid' | 'project' | 'name'>,
  { spec, identity }: Pick<MachineReading, 'spec' | 'identity'>,
): VmInstance {
  const at = new Date(0);
  const versions = { generation: 1, specVersion: 1, statusVersion: 1, resourceVersion: '0' };
  const instanceType = { name: '', series: '', vcpu: 0, memoryMib: 0 };
  const status = { conditions: [], observedGeneration: 0, instanceType, identity };
  const meta = { uid, project, name, labels: {}, annotations: {}, ...versions, createdAt: at, phaseSince: at };
  return { ...meta, kind: 'VMInstance', spec, phase: 'Pending', status, claim: {} };
}

function manifestInput(
  { virtualMachine }: MachineObjects,
  vm: VmInstance,
  { namespace, opticalDisks }: MachineContext,
): VmManifestInput {
  const plugDisks = new Set(disksOfManifest(virtualMachine).plugDisks);
  const present = { firmwareUuid: undefined, plugDisks, bootDisks: undefined, withheld: new Set<string>() };
  return { vm, namespace, opticalDisks, present };
}

function refusalsOf({ virtualMachine, userData, sshKeys }: MachineObjects): string[] {
  const missing = [
    { name: userDataSecretOf(virtualMachine), secret: userData },
    { name: sshKeysSecretOf(virtualMachine), secret: sshKeys },
  ].filter(({ name, secret }) => name !== undefined && secret === undefined);
  return [
    ...(virtualMachine.metadata.deletionTimestamp === undefined ? [] : ['The VirtualMachine is being deleted.']),
    ...missing.map(({ name }) => `The Secret ${name}, which the machine names, does not exist.`),
  ];
}

/** What the API would refuse of the spec. */
function specRefusals(name: string, spec: MachineReading['spec'], catalogue: Catalogue): string[] {
  const ofName = nameProblems(name, NAME_MAX_LENGTH.VMInstance, '/metadata/name');
  return [...ofName, ...validateVmSpec(spec, catalogue).problems].map(
    ({ pointer, message }) => `${pointer}: ${message}`,
  );
}
