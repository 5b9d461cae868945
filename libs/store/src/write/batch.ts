/**
 * What one transaction knows and what it is going to write. Verbs decide on it one command after another: first they
 * check, throwing a `Fault` that leaves no trace here, then they change. Nothing is sent to the database meanwhile.
 */
import {
  type Actor,
  type AnyResource,
  Fault,
  type Kind,
  mayMove,
  type Operation,
  type OperationError,
  type ResourceMeta,
  type Transition,
} from '@compute/domain';
import type { Origin, Target } from '../commands.ts';
import { QuotaLedger } from '../quota/quota-ledger.ts';
import type { QuotaLimits } from '../records.ts';
import type { ProjectKeys } from '../secrets/project-keys.ts';
import { UsageLedger } from '../usage/usage-ledger.ts';
import { Attachments } from './attachments.ts';
import { type Entry, refKey } from './entry.ts';

/** A row that the worker must look at is due at once should its wake-up be lost; the pause spares needless sweeps. */
const WAKE_UP_GRACE_MS = 2_000;

export interface BatchOptions {
  readonly keys: ProjectKeys;
  readonly quotaDefaults: QuotaLimits;
  readonly usagePeriodMs: number;
}

/** Who did it and why, for history and audit. */
export interface Attribution {
  readonly actor: Actor;
  readonly requestId?: string;
  readonly traceparent?: string;
  readonly origin?: Origin;
}

export interface IdempotencyRow {
  readonly project: string;
  readonly key: string;
  readonly requestHash: Uint8Array;
  readonly verb: string;
  readonly uid: string;
  readonly operationId: string | undefined;
  /** Undefined while it is only in this batch. */
  readonly resourceVersion: number | undefined;
}

export interface AuditRow extends Attribution {
  readonly verb: string;
  readonly resource: ResourceMeta & { kind: Kind };
}

export interface OutboxRow {
  readonly kind: Kind;
  readonly uid: string;
  /** The lane in which it waits: a tenant's wishes stand behind that tenant's own alone. */
  readonly project: string;
  readonly traceparent: string | undefined;
}

export interface OperationEnd {
  readonly uid: string;
  readonly generation: number;
  readonly error: OperationError | undefined;
  /** Operations of these verbs, up to the generation. */
  readonly verbs: readonly Operation['verb'][];
}

export class Batch {
  readonly now: Date;
  readonly keys: ProjectKeys;
  readonly quota: QuotaLedger;
  readonly usage: UsageLedger;
  readonly attachments = new Attachments();
  readonly transitions: Transition[] = [];
  readonly operations: Operation[] = [];
  readonly operationEnds: OperationEnd[] = [];
  readonly audit: AuditRow[] = [];
  readonly addedIdempotency: IdempotencyRow[] = [];
  /** Open deletions that were there before, by uid. */
  readonly openDeletions = new Map<string, string>();
  readonly #entries = new Map<string, Entry>();
  readonly #uids = new Map<string, string>();
  readonly #idempotency = new Map<string, IdempotencyRow>();
  readonly #outbox = new Map<string, OutboxRow>();

  constructor(now: Date, options: BatchOptions) {
    this.now = now;
    this.keys = options.keys;
    this.quota = new QuotaLedger(options.quotaDefaults);
    this.usage = new UsageLedger(options.usagePeriodMs);
  }

  entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  outbox(): readonly OutboxRow[] {
    return [...this.#outbox.values()];
  }

  put(entry: Entry): void {
    const { uid, kind, project, name } = entry.resource;
    this.#entries.set(uid, entry);
    this.#uids.set(refKey(kind, project, name), uid);
  }

  byUid(uid: string): Entry | undefined {
    const entry = this.#entries.get(uid);
    return entry?.state === 'removed' ? undefined : entry;
  }

  byName(kind: Kind, project: string, name: string): Entry | undefined {
    const uid = this.#uids.get(refKey(kind, project, name));
    return uid === undefined ? undefined : this.byUid(uid);
  }

  /** Throws `NotFound`. */
  find(target: Target | { readonly uid: string }): Entry {
    const entry = 'uid' in target ? this.byUid(target.uid) : this.byName(target.kind, target.project, target.name);
    if (entry) return entry;
    if ('uid' in target) throw new Fault('NotFound', 'There is no such resource.');
    const { kind, name } = target;
    throw new Fault('NotFound', `There is no ${kind} '${name}' in the project.`, { resource: { kind, name } });
  }

  knowIdempotency(row: IdempotencyRow): void {
    this.#idempotency.set(`${row.project}\n${row.key}`, row);
  }

  idempotency(project: string, key: string): IdempotencyRow | undefined {
    return this.#idempotency.get(`${project}\n${key}`);
  }

  addIdempotency(row: IdempotencyRow): void {
    this.knowIdempotency(row);
    this.addedIdempotency.push(row);
  }

  /** The worker shall look: one wake-up for each resource, and a due time in case it gets lost. */
  wake(entry: Entry, traceparent: string | undefined): void {
    this.wakeOther(entry.resource, traceparent);
    entry.nextLookAt = new Date(this.now.getTime() + WAKE_UP_GRACE_MS);
    entry.attempts = 0;
  }

  /** Wakes a resource whose row is not written here. */
  wakeOther({ kind, uid, project }: Omit<OutboxRow, 'traceparent'>, traceparent: string | undefined): void {
    if (!this.#outbox.has(uid)) this.#outbox.set(uid, { kind, uid, project, traceparent });
  }

  /** The time of a change: never before the previous one, nor within what was billed, nor in the future. */
  momentOf(entry: Entry, happenedAt?: Date): Date {
    const floor = Math.max(entry.transitionAt.getTime(), this.usage.earliest(entry.resource.uid)?.getTime() ?? 0);
    const moment = Math.min(happenedAt?.getTime() ?? this.now.getTime(), this.now.getTime());
    return new Date(Math.max(moment, floor));
  }

  /** Writes a line of history and returns its number. */
  record(
    entry: Entry,
    line: Pick<Transition, 'type' | 'from' | 'to' | 'reason' | 'message' | 'at'>,
    by: Attribution,
  ): number {
    const { uid, kind, project, name, generation } = entry.resource;
    const traceId = by.traceparent?.split('-')[1];
    entry.transitionSeq += 1;
    entry.transitionAt = line.at;
    this.transitions.push({
      ...line,
      uid,
      seq: entry.transitionSeq,
      kind,
      project,
      name,
      actor: `${by.actor.type}:${by.actor.id}`,
      generation,
      recordedAt: this.now,
      ...(traceId === undefined ? {} : { traceId }),
    });
    return entry.transitionSeq;
  }

  /** Throws when the lifecycle does not know the step: a planner's error, never a user's. */
  refuseIllegalMove(resource: AnyResource, phase: string): void {
    if (mayMove(resource.kind, resource.phase, phase)) return;
    throw new Fault('Internal', `${resource.kind} may not move from ${resource.phase} to ${phase}.`);
  }
}
