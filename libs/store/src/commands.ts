/**
 * What can be asked of the write path, and what it answers: data in, data out.
 *
 * Commands carry no callbacks, so that many callers' commands may share one transaction. Every command gets its own
 * outcome or `Fault`, as if it had been alone.
 */
import type {
  Actor,
  AnyResource,
  Claim,
  ConditionReport,
  FailureReport,
  Fault,
  ImportProgress,
  Kind,
  PowerRequest,
  ResourceOf,
} from '@compute/domain';

/** A resource by its name. */
export interface ResourceRef<K extends Kind = Kind> {
  readonly kind: K;
  readonly project: string;
  readonly name: string;
}

/**
 * A resource by its name or, where it must be that incarnation and no other, by its uid. The project belongs to both:
 * the disks that a machine is to have are looked for in it.
 */
export type Target<K extends Kind = Kind> = ResourceRef<K> | { readonly uid: string; readonly project: string };

export interface Idempotency {
  readonly key: string;
  /** SHA-256 of the request as the caller's face understands it. */
  readonly requestHash: Uint8Array;
}

/** Where a request came in: by which face, from which address. Stands in the audit log. */
export interface Origin {
  readonly face: string;
  readonly address: string;
}

/** Who asks for a change, in the course of which request. */
export interface Attributed {
  readonly actor: Actor;
  readonly requestId: string;
  /** W3C trace context; carried through outbox and queue, its trace id stands in history and audit. */
  readonly traceparent?: string;
  /** Absent for what no face asked for. */
  readonly origin?: Origin;
}

type SpecOf<K extends Kind> = ResourceOf[K]['spec'];
type StatusOf<K extends Kind> = ResourceOf[K]['status'];
type PhaseOf<K extends Kind> = ResourceOf[K]['phase'];
type ConditionTypeOf<K extends Kind> = StatusOf<K>['conditions'][number]['type'];
/** The part of a status that is not in the envelope of all kinds. */
export type DetailsOf<K extends Kind> = K extends Kind
  ? Omit<StatusOf<K>, 'conditions' | 'observedGeneration' | 'failure'>
  : never;

export interface CreateCommand<K extends Kind = Kind> extends Attributed {
  readonly kind: K;
  readonly project: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly object[];
  readonly spec: SpecOf<K>;
  readonly phase: PhaseOf<K>;
  readonly status: StatusOf<K>;
  readonly claim: Claim;
  /** Disks that a VM names, whether or not they exist. */
  readonly attachments?: readonly { readonly disk: string }[];
  readonly idempotency?: Idempotency;
  /** Present for what is in the cluster already and gets a row. */
  readonly adopted?: Adoption;
}

export interface Adoption {
  /** The uid that its objects carry in their labels. */
  readonly uid: string;
  /** It runs whether or not the project has quota left: then the counters show more than their limit. */
  readonly beyondQuota?: boolean;
}

/** What is absent stays as it is. `claim` and `attachments` must come with a `spec` that changes them. */
export interface WantCommand<K extends Kind = Kind> extends Attributed {
  readonly target: Target<K>;
  /** Compared when given; the loser gets `PreconditionFailed`. */
  readonly expectedSpecVersion?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly object[];
  readonly spec?: SpecOf<K>;
  /** What the new spec needs. Growth is charged at once; what shrinks is held until the new spec is true. */
  readonly claim?: Claim;
  /** Merged into the status: the size as charged from now on. */
  readonly chargedStatus?: Partial<DetailsOf<K>>;
  readonly attachments?: readonly { readonly disk: string }[];
  /** What an operator has found of its objects: merged into the status, and looked at as a new generation. */
  readonly found?: Partial<DetailsOf<K>>;
  /** A new generation even when nothing changed: a failed resource is tried again. */
  readonly retry?: boolean;
  /** The import of a disk shall be given up. */
  readonly cancel?: boolean;
  /** What is asked of a machine's power; a start or a stop comes with the spec that says so. */
  readonly power?: PowerRequest;
  readonly idempotency?: Idempotency;
}

export interface RequestDeletionCommand<K extends Kind = Kind> extends Attributed {
  readonly target: Target<K>;
  readonly expectedSpecVersion?: number;
  /** Also asks for the deletion of the disks that the VM names and no other VM uses. */
  readonly withDisks?: boolean;
  readonly idempotency?: Idempotency;
}

/** The versions of the row that a decision was made on. */
export interface LoadedVersions {
  readonly specVersion: number;
  readonly statusVersion: number;
}

export interface ObserveCommand<K extends Kind = Kind> {
  readonly actor: Actor;
  readonly uid: string;
  /** Compared with the row; the loser of a race gets `Stale`. */
  readonly loaded: LoadedVersions;
  readonly phase: PhaseOf<K>;
  readonly reason: string;
  readonly message: string;
  /** When the phase was reached; moved into the span from the previous transition to now. */
  readonly happenedAt?: Date;
  /** All conditions that are known; an absent type is removed. */
  readonly conditions: readonly ConditionReport<ConditionTypeOf<K>>[];
  readonly failure?: FailureReport;
  readonly details: DetailsOf<K>;
  /** Absent: nobody need look again unless something happens. */
  readonly nextLookAfterMs?: number;
  readonly attempts?: number;
  readonly traceparent?: string;
}

export interface RemoveCommand {
  readonly actor: Actor;
  readonly uid: string;
  readonly loaded: LoadedVersions;
  readonly reason?: string;
  readonly message?: string;
  readonly traceparent?: string;
}

export interface CreateOutcome<K extends Kind = Kind> {
  readonly outcome: 'created';
  readonly resource: ResourceOf[K];
  readonly operationId: string;
  /** The answer to an earlier request with the same idempotency key. */
  readonly replayed: boolean;
}

export interface WantOutcome<K extends Kind = Kind> {
  readonly outcome: 'configured' | 'unchanged';
  readonly resource: ResourceOf[K];
  /** Absent when nothing was written. */
  readonly operationId?: string;
  readonly replayed: boolean;
}

export interface DeletionOutcome<K extends Kind = Kind> {
  readonly outcome: 'deleting';
  readonly resource: ResourceOf[K];
  readonly operationId: string;
  /** True when deletion had been asked for before: nothing was written. */
  readonly replayed: boolean;
}

export interface ObserveOutcome<K extends Kind = Kind> {
  readonly outcome: 'changed' | 'unchanged';
  readonly resource: ResourceOf[K];
}

export type WriteCommand =
  | ({ readonly verb: 'create' } & CreateCommand)
  | ({ readonly verb: 'want' } & WantCommand)
  | ({ readonly verb: 'requestDeletion' } & RequestDeletionCommand);

export type WriteOutcome = CreateOutcome | WantOutcome | DeletionOutcome;

export interface ApplyOptions {
  /** All or nothing: one refusal and none of the commands is done. */
  readonly atomic: boolean;
  /** Decide everything, store nothing. */
  readonly dryRun?: boolean;
}

/** One entry for each command, in their order. */
export interface ApplyOutcome {
  /** False: nothing was stored, because of a refusal or of a dry run. */
  readonly committed: boolean;
  readonly results: readonly ApplyResult[];
}

export type ApplyResult =
  | { readonly ok: true; readonly outcome: WriteOutcome }
  | { readonly ok: false; readonly fault: Fault };

export interface ProgressEntry {
  readonly uid: string;
  readonly import: ImportProgress;
  /** Moves the next look too, as `lookLater` after a look that failed of nothing; only if the figure is written. */
  readonly nextLookAfterMs?: number;
}

/** A resource that somebody should look at. */
export interface ResourcePoke {
  readonly kind: Kind;
  readonly uid: string;
  readonly traceparent?: string;
  /** When the wake-up was written, where that is known. */
  readonly createdAt?: Date;
}

/** What a worker starts from: the row, and its memory of earlier looks. */
export interface LoadedResource {
  readonly resource: AnyResource;
  /** Failures of the worker itself since it last succeeded. */
  readonly attempts: number;
  readonly nextLookAt?: Date;
  /** What somebody asked for last and is not done yet. */
  readonly operation?: { readonly id: string; readonly requestId: string };
}
