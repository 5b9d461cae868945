/** The store: the one way to write state, and every way to read it. */
import type { AnyResource, Kind, ResourceOf, VmDisk, VmInstance } from '@compute/domain';
import type {
  ApplyOptions,
  ApplyOutcome,
  CreateCommand,
  CreateOutcome,
  DeletionOutcome,
  ObserveCommand,
  ObserveOutcome,
  ProgressEntry,
  RemoveCommand,
  RequestDeletionCommand,
  ResourcePoke,
  WantCommand,
  WantOutcome,
  WriteCommand,
} from './commands.ts';
import type {
  ApiKeyRecord,
  ApiKeyScope,
  Change,
  ChangesQuery,
  HistoryPage,
  HistoryQuery,
  ListQuery,
  NewApiKey,
  Operation,
  Page,
  ProjectRecord,
  QuotaCounter,
  QuotaDrift,
  QuotaLimits,
  SubscribeOptions,
  Subscription,
  UsageEventsPage,
  UsageEventsQuery,
  UsageSummaryQuery,
  UsageSummaryRow,
} from './records.ts';

export interface StoreOptions {
  readonly databaseUrl: string;
  /** The key-encryption key: 32 bytes, as bytes or base64. */
  readonly secretsKey: Uint8Array | string;
  readonly poolSize?: number;
  readonly applicationName: string;
  /** Limits of a project that nobody set: by claim key, or by family (`series:*` + `/vcpus`); not named is unlimited. */
  readonly quotaDefaults: QuotaLimits;
  readonly usagePeriod?: 'hour' | 'minute';
  /** Told of faults that no caller waits for: a lost listener, a failed tail. */
  readonly onError?: (error: unknown) => void;
}

export declare function openStore(options: StoreOptions): Promise<Store>;

export declare class Store {
  create<K extends Kind>(command: CreateCommand<K>): Promise<CreateOutcome<K>>;
  want<K extends Kind>(command: WantCommand<K>): Promise<WantOutcome<K>>;
  requestDeletion<K extends Kind>(command: RequestDeletionCommand<K>): Promise<DeletionOutcome<K>>;
  observe<K extends Kind>(command: ObserveCommand<K>): Promise<ObserveOutcome<K>>;
  remove(command: RemoveCommand): Promise<void>;
  apply(commands: readonly WriteCommand[], options: ApplyOptions): Promise<ApplyOutcome>;
  progress(entries: readonly ProgressEntry[]): Promise<void>;
  lookLater(uid: string, afterMs: number, attempts: number): Promise<void>;

  get<K extends Kind>(kind: K, project: string, name: string): Promise<ResourceOf[K] | undefined>;
  getByUid(uid: string): Promise<AnyResource | undefined>;
  list<K extends Kind>(query: ListQuery<K>): Promise<Page<ResourceOf[K]>>;
  disksOfVm(vmUid: string): Promise<VmDisk[]>;
  vmsOfDisk(project: string, diskName: string): Promise<VmInstance[]>;
  dueResources(limit: number): Promise<ResourcePoke[]>;
  claimOutbox(limit: number, send: (pokes: readonly ResourcePoke[]) => Promise<void>): Promise<number>;

  changes(query: ChangesQuery): Promise<Change[]>;
  feedPosition(): Promise<string>;
  subscribe(options: SubscribeOptions): Subscription;
  onHint(topic: 'outbox' | 'changes', listener: () => void): () => void;

  history(query: HistoryQuery): Promise<HistoryPage>;
  operation(id: string): Promise<Operation | undefined>;
  operations(query: { project: string; limit: number; after?: string; uid?: string }): Promise<Page<Operation>>;
  waitOperation(id: string, timeoutMs: number, signal?: AbortSignal): Promise<Operation | undefined>;

  quota(project: string): Promise<QuotaCounter[]>;
  setQuota(project: string, limits: QuotaLimits): Promise<QuotaCounter[]>;
  recountQuota(options: { repair: boolean }): Promise<QuotaDrift[]>;

  usageEvents(query: UsageEventsQuery): Promise<UsageEventsPage>;
  usageSummary(query: UsageSummaryQuery): Promise<UsageSummaryRow[]>;
  closeUsagePeriod(): Promise<number>;
  publishUsage(): Promise<number>;

  createProject(name: string, options?: { clusterId?: string; namespace?: string }): Promise<ProjectRecord>;
  project(name: string): Promise<ProjectRecord | undefined>;
  projects(query: { limit: number; after?: string }): Promise<Page<ProjectRecord>>;
  deleteProject(name: string): Promise<void>;
  createApiKey(request: {
    project?: string;
    name: string;
    scopes: readonly ApiKeyScope[];
    expiresAt?: Date;
  }): Promise<NewApiKey>;
  authenticate(token: string): Promise<ApiKeyRecord>;
  apiKeys(project?: string): Promise<ApiKeyRecord[]>;
  revokeApiKey(id: string): Promise<void>;

  withLeadership(name: string, lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
  ensurePartitions(): Promise<number>;
  dropPartitions(before: { changes: Date; history: Date }): Promise<number>;
  forgetIdempotency(olderThan: Date): Promise<number>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
