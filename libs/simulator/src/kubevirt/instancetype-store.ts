/**
 * Finds a VM's instance type and preference, and freezes what was found in ControllerRevisions.
 *
 * Once frozen, the revision is read and never the catalogue again: editing an instance type does not change existing VMs.
 * Another name (or kind) in the VM's matcher drops the frozen revision and makes a new one.
 */
import { createHash } from 'node:crypto';
import type { KubeClient, KubeObject, ResourceKind } from '@compute/kube-client';
import { controllerRef, isAlreadyExists, KubeError } from '@compute/kube-client';
import { SyncError } from './controller-context.ts';
import type { Instancetype, InstancetypeSpec, Preference, PreferenceSpec } from './instancetype.ts';
import { instancetypeConflicts, isNamespacedMatcher } from './instancetype.ts';
import {
  type ControllerRevision,
  clusterInstancetypes,
  clusterPreferences,
  controllerRevisions,
  instancetypes,
  preferences,
} from './kinds.ts';
import type { Matcher, RevisionRef, VirtualMachine, VmSpec } from './objects.ts';

type Role = 'instancetype' | 'preference';
type Found = Instancetype | Preference;

export interface ResolvedTypes {
  instancetype: InstancetypeSpec | undefined;
  preference: PreferenceSpec | undefined;
}

const DEFAULT_KINDS = { instancetype: clusterInstancetypes, preference: clusterPreferences } as const;
const NAMESPACED_KINDS = { instancetype: instancetypes, preference: preferences } as const;
const FAILURES = { instancetype: 'FailedFindInstancetype', preference: 'FailedFindPreference' } as const;

export class InstancetypeStore {
  readonly #client: KubeClient;
  readonly #frozen = new Map<string, unknown>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** What the VM's matchers name now, frozen or not. Throws SyncError when one of them does not exist. */
  async resolve(vm: VirtualMachine): Promise<ResolvedTypes> {
    const type = await this.#find(vm, 'instancetype');
    const preference = await this.#find(vm, 'preference');
    return { instancetype: type as InstancetypeSpec | undefined, preference: preference as PreferenceSpec | undefined };
  }

  /** What a started spec was expanded with; its matchers carry the names of the revisions. */
  async resolveStarted(vm: VirtualMachine, started: VmSpec): Promise<ResolvedTypes> {
    const { instancetypeRef: _type, preferenceRef: _preference, ...status } = vm.status ?? {};
    return this.resolve({ ...vm, spec: started, status });
  }

  /**
   * Freezes what is not frozen yet. Returns the references to write into the VM's status, or undefined when nothing is new.
   * Throws SyncError when the instance type conflicts with the template.
   */
  async freeze(
    vm: VirtualMachine,
  ): Promise<{ instancetypeRef?: RevisionRef; preferenceRef?: RevisionRef } | undefined> {
    const instancetypeRef = await this.#freezeOne(vm, 'instancetype');
    const preferenceRef = await this.#freezeOne(vm, 'preference');
    if (instancetypeRef === undefined && preferenceRef === undefined) return undefined;
    return {
      ...(instancetypeRef === undefined ? {} : { instancetypeRef }),
      ...(preferenceRef === undefined ? {} : { preferenceRef }),
    };
  }

  async #find(vm: VirtualMachine, role: Role): Promise<unknown> {
    const matcher = vm.spec[role];
    if (matcher === undefined) return undefined;
    const revision = revisionInForce(vm, role);
    if (revision !== undefined) return this.#readFrozen(vm, role, revision);
    return (await this.#read(vm, role, matcher)).spec;
  }

  async #freezeOne(vm: VirtualMachine, role: Role): Promise<RevisionRef | undefined> {
    const matcher = vm.spec[role];
    if (matcher === undefined) return undefined;
    const before = statusRef(vm, role);
    const revision = revisionInForce(vm, role);
    if (revision !== undefined && before?.controllerRevisionRef?.name === revision) return undefined;
    const name = revision ?? (await this.#store(vm, role, await this.#read(vm, role, matcher)));
    const kind = matcher.kind ?? DEFAULT_KINDS[role].kind;
    return { ...(matcher.name === undefined ? {} : { name: matcher.name }), kind, controllerRevisionRef: { name } };
  }

  async #read(vm: VirtualMachine, role: Role, matcher: Matcher): Promise<Found> {
    const namespaced = isNamespacedMatcher(matcher, role);
    const kind: ResourceKind<Found> = namespaced ? NAMESPACED_KINDS[role] : DEFAULT_KINDS[role];
    const name = matcher.name ?? '';
    const ref = namespaced ? { namespace: vm.metadata.namespace ?? '', name } : { name };
    const found = await getOrNothing(this.#client, kind, ref);
    if (found !== undefined) return found;
    throw new SyncError(FAILURES[role], `${kind.plural}.${kind.group} "${name}" not found`);
  }

  async #readFrozen(vm: VirtualMachine, role: Role, name: string): Promise<unknown> {
    const namespace = vm.metadata.namespace ?? '';
    const key = `${namespace}/${name}`;
    const known = this.#frozen.get(key);
    if (known !== undefined) return known;
    const revision = await getOrNothing(this.#client, controllerRevisions, { namespace, name });
    const spec = revision?.data?.spec;
    if (spec === undefined) throw new SyncError(FAILURES[role], `controllerrevisions.apps "${name}" not found`);
    this.#frozen.set(key, spec);
    return spec;
  }

  async #store(vm: VirtualMachine, role: Role, found: Found): Promise<string> {
    if (role === 'instancetype') refuseConflicts(vm, found.spec as InstancetypeSpec);
    const revision = typeRevision(vm, found);
    try {
      await this.#client.create(controllerRevisions, revision);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    return revision.metadata.name;
  }
}

/** A GET that also takes "this server does not know the kind" for absence. */
async function getOrNothing<T extends KubeObject>(
  client: KubeClient,
  kind: ResourceKind<T>,
  ref: { namespace?: string; name: string },
): Promise<T | undefined> {
  try {
    return await client.get(kind, ref);
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

function statusRef(vm: VirtualMachine, role: Role): RevisionRef | undefined {
  return role === 'instancetype' ? vm.status?.instancetypeRef : vm.status?.preferenceRef;
}

/** The revision that holds for the matcher as it stands: its own revisionName, or the frozen one of the same name and kind. */
function revisionInForce(vm: VirtualMachine, role: Role): string | undefined {
  const matcher = vm.spec[role];
  if ((matcher?.revisionName ?? '') !== '') return matcher?.revisionName;
  const frozen = statusRef(vm, role);
  const sameName = matcher?.name === undefined || frozen?.name === matcher.name;
  const sameKind = matcher?.kind === undefined || frozen?.kind === matcher.kind;
  return sameName && sameKind ? frozen?.controllerRevisionRef?.name : undefined;
}

function refuseConflicts(vm: VirtualMachine, type: InstancetypeSpec): void {
  const fields = instancetypeConflicts(type, vm.spec.template.spec).map(({ field }) => field);
  if (fields.length === 0) return;
  const message = `VM field(s) ${fields.join(', ')} conflicts with selected instance type`;
  throw new SyncError(
    'FailedCreate',
    `error encountered while storing instancetype.kubevirt.io controllerRevisions: ${message}`,
  );
}

function typeRevision(vm: VirtualMachine, found: Found): ControllerRevision {
  const { name, uid = '', generation = 1 } = found.metadata;
  const full = `${vm.metadata.name}-${name}-v1beta1-${uid}-${generation}`;
  const label = (key: string): string => `instancetype.kubevirt.io/object-${key}`;
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: full.length <= 253 ? full : `${vm.metadata.name}-${createHash('sha256').update(full).digest('hex')}`,
      namespace: vm.metadata.namespace ?? 'default',
      ownerReferences: [controllerRef(vm)],
      labels: {
        [label('generation')]: String(generation),
        [label('kind')]: found.kind,
        [label('name')]: name,
        [label('uid')]: uid,
        [label('version')]: 'v1beta1',
      },
    },
    data: { apiVersion: found.apiVersion, kind: found.kind, metadata: { name, uid, generation }, spec: found.spec },
    revision: 0,
  };
}
