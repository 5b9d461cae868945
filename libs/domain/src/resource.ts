/**
 * What every resource has: its identity, its two versions, its status envelope, its history entry.
 *
 * `generation` counts changes of the desired state, `specVersion` changes of anything a user may set (spec, labels,
 * annotations), `statusVersion` changes of what was observed. An edit by a user and a report of a worker never
 * disturb each other, because each compares only its own.
 */
import type { VmDisk } from './vm-disk/vm-disk.ts';
import type { VmInstance } from './vm-instance/vm-instance.ts';

/** Each kind and its row. A new kind is added here first; the compiler then asks for the rest. */
export interface ResourceOf {
  VMInstance: VmInstance;
  VMDisk: VmDisk;
}

export type Kind = keyof ResourceOf;
export const KINDS: readonly Kind[] = ['VMInstance', 'VMDisk'];
export type AnyResource = ResourceOf[Kind];

export const API_GROUP = 'apps.cozystack.io';
export const API_VERSION = 'apps.cozystack.io/v1alpha1';

export interface ResourceMeta {
  readonly uid: string;
  readonly project: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generation: number;
  readonly specVersion: number;
  readonly statusVersion: number;
  /** Position of the last change in the change feed; decimal digits, comparable as a bigint. */
  readonly resourceVersion: string;
  /** The resourceVersion that came with the present specVersion; absent where it was not recorded. */
  readonly specResourceVersion?: string;
  /** Who owns which field, as Kubernetes' tools record it. Opaque, and shown to them alone. */
  readonly managedFields?: readonly object[];
  readonly createdAt: Date;
  /** When anything of it last changed; absent of what was not read from the store. */
  readonly updatedAt?: Date;
  readonly deletionRequestedAt?: Date;
}

/** The envelope shared by the rows of all kinds. */
export interface Resource<K extends string, Spec, Status, Phase extends string> extends ResourceMeta {
  readonly kind: K;
  readonly spec: Spec;
  readonly phase: Phase;
  /** When the phase last changed. */
  readonly phaseSince: Date;
  readonly status: Status;
  readonly claim: Claim;
}

export type ConditionStatus = 'True' | 'False' | 'Unknown';

export interface Condition<Type extends string = string> {
  readonly type: Type;
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
}

/** What a planner says of a condition; the store adds the time of the transition. */
export type ConditionReport<Type extends string = string> = Pick<
  Condition<Type>,
  'type' | 'status' | 'reason' | 'message'
>;

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly since: string;
  readonly retryable: boolean;
  /** The cluster's own words. For operators: views for tenants leave it out. */
  readonly detail?: string;
}

export type FailureReport = Omit<Failure, 'since'>;

export interface StatusEnvelope<ConditionType extends string> {
  readonly conditions: readonly Condition<ConditionType>[];
  readonly observedGeneration: number;
  readonly failure?: Failure;
}

/**
 * What a resource takes of its project's quota. Keys are `<scope>/<metric>`, scope `series:S`, `class:replicated` or
 * `external`; values are whole numbers, memory and storage in MiB so that no claim is ever a fraction.
 */
export type Claim = Readonly<Record<ClaimKey, number>>;
export type ClaimMetric = 'instances' | 'vcpus' | 'memoryMib' | 'disks' | 'storageMib' | 'ips';
export type ClaimKey = `${string}/${ClaimMetric}`;

/** Who did something: an API key, a worker, an administrator's command. Shown in history. */
export interface Actor {
  readonly type: 'user' | 'system';
  readonly id: string;
}

/** One recorded change. `type` is `Phase` or the type of a condition. */
export interface Transition {
  readonly uid: string;
  readonly seq: number;
  readonly kind: Kind;
  readonly project: string;
  readonly name: string;
  readonly type: string;
  readonly from?: string;
  readonly to: string;
  readonly reason: string;
  readonly message: string;
  readonly actor: string;
  readonly generation: number;
  /** When it happened. */
  readonly at: Date;
  /** When it was written down. */
  readonly recordedAt: Date;
  readonly traceId?: string;
}
