/** What can be read besides resources: the shapes that the store gives out. */
import type {
  AnyResource,
  ApiKeyRecord,
  ClaimMetric,
  FilterTerm,
  Kind,
  ListOrder,
  Meter,
  QuotaHistoryType,
  Transition,
  UsageEvent,
} from '@compute/domain';

/** The only time that the secret is seen: `token` is `vmk_<id>_<secret>`. */
export interface NewApiKey {
  readonly record: ApiKeyRecord;
  readonly token: string;
}

export interface AuditQuery {
  /** Empty: what belongs to no project. */
  readonly project: string;
  readonly actor?: string | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
  readonly verb?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** 1 to 1000; newest first. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; absent on the last page. */
  readonly next?: string;
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

export interface ListQuery<K extends Kind = Kind> {
  readonly kind: K;
  readonly project: string;
  /** 1 to 1000. */
  readonly limit: number;
  /** `next` of the page before, of the same order. */
  readonly after?: string;
  readonly labelSelector?: readonly LabelRequirement[];
  /** All of them hold. */
  readonly filter?: readonly FilterTerm[];
  /** By name when absent. */
  readonly order?: ListOrder;
  /** The list as it would have been read then; absent: as it is now. */
  readonly asOf?: Date | undefined;
}

export type ChangeOp = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One entry of the change feed. The same object goes to every subscriber: do not change it. */
export interface Change {
  /** Decimal digits; the cursor after this change. */
  readonly seq: string;
  readonly at: Date;
  readonly op: ChangeOp;
  readonly kind: Kind;
  readonly project: string;
  readonly uid: string;
  readonly name: string;
  /** As it stood after the change; of a deletion, the last state. */
  readonly resource: AnyResource;
}

export interface ChangesQuery {
  readonly after: string;
  readonly limit: number;
  readonly project?: string | undefined;
  readonly kinds?: readonly Kind[] | undefined;
}

export interface SubscribeOptions {
  readonly project?: string;
  readonly kinds?: readonly Kind[];
  /** Absent: from now on. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

/** Ends when the signal aborts or the store closes; throws `CursorTooOld` when the reader cannot be served gap-free. */
export interface Subscription extends AsyncIterable<Change> {
  /** Everything up to here that matches has been given out. Good for bookmarks. */
  readonly position: string;
}

export interface HistoryQuery {
  readonly project: string;
  readonly kind?: Kind | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
  /** `Phase`, the type of a condition, `Power`, `Charge`; absent: everything but charges. */
  readonly type?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Newest first when absent. */
  readonly oldestFirst?: boolean;
  /** 1 to 1000. */
  readonly limit: number;
  /** `next` of the page before, of the same order. */
  readonly after?: string;
}

export interface LifeQuery {
  readonly project: string;
  readonly from: Date;
  readonly to: Date;
  readonly kind?: Kind | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
}

export type HistoryPage = Page<Transition>;

export interface QuotaHoldersQuery {
  readonly project: string;
  /** Only who holds something in this scope, of this metric, and only that. */
  readonly scope?: string | undefined;
  readonly metric?: ClaimMetric | undefined;
  /** 1 to 1000; by kind and name. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface QuotaHistoryQuery {
  readonly project: string;
  readonly scope?: string | undefined;
  readonly metric?: ClaimMetric | undefined;
  readonly type?: QuotaHistoryType | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** 1 to 1000; newest first. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

/** Limits by claim key (`series:U/vcpus`) or by family (`series:*` with the metric, as in the defaults); null is unlimited, absent is unlimited too. */
export type QuotaLimits = Readonly<Record<string, number | null>>;

export interface UsageExportQuery {
  readonly project: string;
  /** Absent: from the first period. */
  readonly from?: Date | undefined;
  /** Absent: to the last period that is closed. */
  readonly to?: Date | undefined;
}

export interface UsageExportSum {
  readonly meter: Meter;
  readonly events: number;
  readonly durationMs: number;
}

export const USAGE_LINE_FORMATS = ['ndjson', 'csv'] as const;
export type UsageLineFormat = (typeof USAGE_LINE_FORMATS)[number];

/** The part of a project's chain that was published in a closed span. */
export interface UsageExport {
  readonly project: string;
  readonly from: Date;
  readonly to: Date;
  readonly previousHash: string;
  readonly firstChainPosition: string;
  readonly lastHash: string;
  /** Below the first when there is no event. */
  readonly lastChainPosition: string;
  readonly count: number;
  readonly sums: readonly UsageExportSum[];
  /** Signed statements of where the chain stood at both ends; fewer where it had not begun. */
  readonly checkpoints: readonly string[];
  /** Each event as a line with its newline, many lines at once. */
  lines(format: UsageLineFormat): AsyncGenerator<string>;
}

export interface UsageVerificationKey {
  readonly id: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Buffer;
}

export interface UsageEventsQuery {
  readonly after?: string;
  readonly limit: number;
  readonly project?: string | undefined;
  readonly meter?: Meter | undefined;
}

export interface UsageEventsPage {
  readonly events: readonly UsageEvent[];
  /** Use as the next `after`, also when the page is empty. */
  readonly nextCursor: string;
}

export const USAGE_GROUPS = ['resource', 'hour', 'day'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

export interface UsageSummaryQuery {
  readonly project: string;
  readonly from: Date;
  readonly to: Date;
  /** Besides meter and dimensions, which always separate. */
  readonly groupBy?: readonly UsageGroup[];
}
