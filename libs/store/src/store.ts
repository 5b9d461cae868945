/**
 * The store: the one way to write state, and every way to read it.
 *
 * Writes of resources go through the verbs only. A verb writes desired state or status together with history, usage,
 * quota, audit, outbox and change feed, in one transaction; nothing else in the product may write these tables.
 */
import type {
  AnyResource,
  ApiKeyRecord,
  AuditEntry,
  Kind,
  LifeRecord,
  Operation,
  ProjectRecord,
  ResourceOf,
  VmDisk,
  VmInstance,
} from '@compute/domain';
import type pg from 'pg';
import { ApiKeys, type ApiKeysQuery, type NewApiKeyRequest } from './access/api-keys.ts';
import { type ColdClient, openPrisma } from './access/prisma.ts';
import { type NewProjectOptions, Projects } from './access/projects.ts';
import type {
  ApplyOptions,
  ApplyOutcome,
  Attributed,
  CreateCommand,
  CreateOutcome,
  DeletionOutcome,
  LoadedResource,
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
import { connectionConfig, openPool, rowsOf } from './connection.ts';
import { asUnavailable } from './database-errors.ts';
import { ChangeLog, parsePosition } from './feed/change-log.ts';
import { ChangeTail } from './feed/change-tail.ts';
import { HighWaterMark } from './feed/high-water-mark.ts';
import { Hints, type HintTopic } from './feed/hints.ts';
import { FeedSubscription } from './feed/subscription.ts';
import { withLeadership } from './leadership.ts';
import { PerformanceRecords } from './performance/performance-records.ts';
import { QuotaRecords } from './quota/quota-records.ts';
import { readAudit } from './reads/audit.ts';
import { readHistory } from './reads/history.ts';
import { lifeRecords } from './reads/life-records.ts';
import { type OperationsQuery, readOperation, readOperations, waitForOperation } from './reads/operations.ts';
import { clampLimit } from './reads/page-limit.ts';
import { Resources } from './reads/resources.ts';
import { type Backlog, countResources, type ResourceCount, readBacklog } from './reads/service-levels.ts';
import { claimOutbox, lookLater, uidsWithoutRow, wakeAll, wakeDue, wakeOne, writeProgress } from './reads/work.ts';
import type {
  AuditQuery,
  Change,
  ChangesQuery,
  HistoryPage,
  HistoryQuery,
  LifeQuery,
  ListQuery,
  NewApiKey,
  Page,
  QuotaLimits,
  SubscribeOptions,
  Subscription,
} from './records.ts';
import { RestoreRecords } from './restore/restore-records.ts';
import { requireMigrated } from './schema/required-migration.ts';
import { dropPartitions, ensurePartitions, forgetIdempotency, type PartitionsBefore } from './schema/upkeep.ts';
import { ProjectKeys } from './secrets/project-keys.ts';
import { SecretRecords } from './secrets/secret-records.ts';
import { type KeyMaterial, WrappingKeys } from './secrets/wrapping-keys.ts';
import { periodMsOf } from './usage/intervals.ts';
import { SigningKeys } from './usage/signing-key.ts';
import { UsageRecords } from './usage/usage-records.ts';
import { type LifecyclePage, readLifecycleEvents } from './webhooks/lifecycle-events.ts';
import { WebhookRecords } from './webhooks/webhook-records.ts';
import type { Command, Outcome } from './write/decision.ts';
import { resultsOf } from './write/results.ts';
import { Writer } from './write/writer.ts';

export interface StoreOptions {
  readonly databaseUrl: string;
  /** The wrapping key, or several that may be replaced while the store is open. */
  readonly secretsKey: KeyMaterial | WrappingKeys;
  /** Connections of the pool; one more listens, two more serve what is rare. */
  readonly poolSize?: number;
  readonly applicationName: string;
  /** Limits that hold where nobody set one: by claim key, or by family (`series:*` + `/vcpus`); not named is unlimited. */
  readonly quotaDefaults: QuotaLimits;
  readonly usagePeriod?: 'hour' | 'minute';
  /** Work is taken only of projects that are placed on this cluster; absent: of all. */
  readonly cluster?: string;
  /** Told how old the oldest change was of each page that watches were given. */
  readonly onFeedLag?: (lagMs: number) => void;
  /** Told of faults that no caller waits for: a lost listener, a failed tail. */
  readonly onError?: (error: unknown) => void;
}

const DEFAULT_POOL_SIZE = 10;

interface Parts {
  readonly pool: pg.Pool;
  readonly cluster: string | undefined;
  readonly config: pg.ClientConfig;
  readonly prisma: ColdClient;
  readonly hints: Hints;
  readonly writer: Writer;
  readonly resources: Resources;
  readonly mark: HighWaterMark;
  readonly log: ChangeLog;
  readonly tail: ChangeTail;
  readonly projects: Projects;
  readonly apiKeys: ApiKeys;
  readonly quota: QuotaRecords;
  readonly restores: RestoreRecords;
  readonly usage: UsageRecords;
  readonly webhooks: WebhookRecords;
  readonly secrets: SecretRecords;
  readonly performance: PerformanceRecords;
}

/**
 * Opens a store. Throws `InvalidArgument` for a bad key, and `Unavailable` for a database that is away or lacks a migration
 * that this build needs.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, applicationName, poolSize = DEFAULT_POOL_SIZE, quotaDefaults, usagePeriod = 'hour' } = options;
  const onError = options.onError ?? (() => undefined);
  const wrapping = WrappingKeys.of(options.secretsKey);
  const config = connectionConfig({ databaseUrl, applicationName });
  const pool = openPool({ databaseUrl, applicationName, size: poolSize, onError });
  const prisma = openPrisma(databaseUrl, applicationName);
  const hints = new Hints(config, onError);
  const keys = new ProjectKeys(pool, wrapping);
  const mark = new HighWaterMark(pool);
  const log = new ChangeLog(pool, keys);
  const usagePeriodMs = periodMsOf(usagePeriod);
  const written = (): void => hints.give(['outbox', 'changes']);
  const signingKeys = new SigningKeys(wrapping);
  const store = new Store({
    ...{ pool, config, prisma, hints, mark, log, cluster: options.cluster },
    quota: new QuotaRecords(pool, quotaDefaults),
    restores: new RestoreRecords(pool, signingKeys),
    usage: new UsageRecords({ pool, periodMs: usagePeriodMs, keys: signingKeys }),
    performance: new PerformanceRecords(pool),
    secrets: new SecretRecords(pool, keys, wrapping),
    webhooks: new WebhookRecords(pool, mark, wrapping),
    writer: new Writer(pool, { keys, quotaDefaults, usagePeriodMs }, written),
    resources: new Resources(pool, keys),
    tail: new ChangeTail({ mark, log, hints, onError, onLag: options.onFeedLag ?? (() => undefined) }),
    projects: new Projects(prisma, keys, wrapping),
    apiKeys: new ApiKeys(pool, prisma, onError),
  });
  try {
    await requireMigrated(pool);
    await hints.open();
    return store;
  } catch (error) {
    await store.close();
    throw asUnavailable(error);
  }
}

export class Store {
  readonly #parts: Parts;
  #closed: Promise<void> | undefined;

  /** Use `openStore`. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  // Verbs ------------------------------------------------------------------------------------------------------------

  /** Throws NotFound (project), AlreadyExists, QuotaExceeded, DiskInUse, IdempotencyMismatch. */
  create<K extends Kind>(command: CreateCommand<K>): Promise<CreateOutcome<K>> {
    return this.#submit<CreateOutcome<K>>({ verb: 'create', ...(command as unknown as CreateCommand) });
  }

  /** Throws NotFound, PreconditionFailed, QuotaExceeded, DiskInUse, IdempotencyMismatch. */
  want<K extends Kind>(command: WantCommand<K>): Promise<WantOutcome<K>> {
    return this.#submit<WantOutcome<K>>({ verb: 'want', ...(command as unknown as WantCommand) });
  }

  /** Safe to repeat. Throws NotFound, PreconditionFailed, DiskInUse (naming the VM), IdempotencyMismatch. */
  requestDeletion<K extends Kind>(command: RequestDeletionCommand<K>): Promise<DeletionOutcome<K>> {
    return this.#submit<DeletionOutcome<K>>({ verb: 'requestDeletion', ...(command as RequestDeletionCommand) });
  }

  /** Throws NotFound, Stale. */
  observe<K extends Kind>(command: ObserveCommand<K>): Promise<ObserveOutcome<K>> {
    return this.#submit<ObserveOutcome<K>>({ verb: 'observe', ...(command as unknown as ObserveCommand) });
  }

  /** Throws NotFound, Stale, PreconditionFailed (nobody asked for the deletion). */
  async remove(command: RemoveCommand): Promise<void> {
    await this.#submit({ verb: 'remove', ...command });
  }

  /** Several commands of one caller in one transaction. Refusals are in the results; throws only what fails as a whole. */
  async apply(commands: readonly WriteCommand[], options: ApplyOptions): Promise<ApplyOutcome> {
    const applied = await this.#parts.writer.apply(commands, options);
    return { committed: applied.committed, results: resultsOf(applied.results) };
  }

  /** How far imports are: in place, many at once, without history and without a new status version. */
  async progress(entries: readonly ProgressEntry[]): Promise<void> {
    const changed = await writeProgress(this.#parts.pool, entries);
    if (changed > 0) this.#parts.hints.give(['changes']);
  }

  /** Moves the next look at a resource; nothing that a caller could see. */
  lookLater(uid: string, afterMs: number, attempts: number): Promise<void> {
    return lookLater(this.#parts.pool, uid, afterMs, attempts);
  }

  // Resources --------------------------------------------------------------------------------------------------------

  get<K extends Kind>(kind: K, project: string, name: string): Promise<ResourceOf[K] | undefined> {
    return this.#parts.resources.get(kind, project, name);
  }

  /** As it would have been read then; what was deleted since is there. Throws InvalidArgument for a time that is not kept. */
  getAsOf<K extends Kind>(kind: K, project: string, name: string, asOf: Date): Promise<ResourceOf[K] | undefined> {
    return this.#parts.resources.getAsOf(kind, project, name, asOf);
  }

  async getByUid(uid: string): Promise<AnyResource | undefined> {
    return (await this.#parts.resources.load(uid))?.resource;
  }

  /** The resource and the worker's memory of earlier looks. */
  load(uid: string): Promise<LoadedResource | undefined> {
    return this.#parts.resources.load(uid);
  }

  /** Throws InvalidArgument for a page token of another order and for an `asOf` that is not kept. */
  list<K extends Kind>(query: ListQuery<K>): Promise<Page<ResourceOf[K]>> {
    return this.#parts.resources.list(query);
  }

  /** The disks that exist of those that the VM names. */
  disksOfVm(vmUid: string): Promise<VmDisk[]> {
    return this.#parts.resources.disksOfVm(vmUid);
  }

  vmsOfDisk(project: string, diskName: string): Promise<VmInstance[]> {
    return this.#parts.resources.vmsOfDisk(project, diskName);
  }

  // Work -------------------------------------------------------------------------------------------------------------

  /** Puts what is due into the outbox, the longest overdue first; a row stays due until somebody looked at it. */
  wakeDue(limit: number): Promise<number> {
    return wakeDue(this.#parts.pool, limit);
  }

  /** Those of the uids that no resource has. */
  uidsWithoutRow(uids: readonly string[]): Promise<string[]> {
    return uidsWithoutRow(this.#parts.pool, uids);
  }

  /** Puts every resource into the outbox: whoever was poked before may have been forgotten. Returns how many. */
  wakeAll(): Promise<number> {
    return wakeAll(this.#parts.pool);
  }

  /** Puts one resource into the outbox, as a wish would, so that a worker looks at it now. */
  async wake(uid: string): Promise<void> {
    await wakeOne(this.#parts.pool, uid);
    this.#parts.hints.give(['outbox']);
  }

  /**
   * In turns among the projects, oldest first within one. Deletes what `send` took; keeps it when `send` rejects. Returns
   * how many entries there were.
   */
  claimOutbox(limit: number, send: (pokes: readonly ResourcePoke[]) => Promise<void>): Promise<number> {
    return claimOutbox(this.#parts.pool, limit, send, this.#parts.cluster);
  }

  // Feed -------------------------------------------------------------------------------------------------------------

  /** A settled page: nothing will appear before its end any more. Throws CursorTooOld, InvalidArgument. */
  async changes(query: ChangesQuery): Promise<Change[]> {
    const { project, kinds, limit } = query;
    const after = parsePosition(query.after);
    const upTo = await this.#parts.mark.fix();
    return this.#parts.log.read({ after, upTo, limit: clampLimit(limit), project, kinds });
  }

  /** The settled end of the feed: what is read after this call contains everything up to it. */
  async feedPosition(): Promise<string> {
    return String(await this.#parts.mark.fix());
  }

  /** Iterate once. Throws InvalidArgument at once, CursorTooOld while iterating. */
  subscribe(options: SubscribeOptions): Subscription {
    return new FeedSubscription(this.#parts.tail, this.#parts.log, options);
  }

  /** A hint may come for nothing and may be lost. Returns the function that ends it. */
  onHint(topic: HintTopic, listener: () => void): () => void {
    return this.#parts.hints.listen(topic, listener);
  }

  // History and operations -------------------------------------------------------------------------------------------

  history(query: HistoryQuery): Promise<HistoryPage> {
    return readHistory(this.#parts.pool, query);
  }

  /** The lives of what was there at some time of a range, in parts, by kind, name and uid. */
  lifeRecords(query: LifeQuery): AsyncGenerator<LifeRecord[]> {
    return lifeRecords(this.#parts.pool, query);
  }

  /** Who changed what, newest first. */
  audit(query: AuditQuery): Promise<Page<AuditEntry>> {
    return readAudit(this.#parts.pool, query);
  }

  operation(id: string): Promise<Operation | undefined> {
    return readOperation(this.#parts.pool, id);
  }

  operations(query: OperationsQuery): Promise<Page<Operation>> {
    return readOperations(this.#parts.pool, query);
  }

  /** Resolves when it is done or when the time is over, with the operation as it then stands. */
  waitOperation(id: string, timeoutMs: number, signal?: AbortSignal): Promise<Operation | undefined> {
    const wait = { id, timeoutMs, ...(signal ? { signal } : {}) };
    return waitForOperation(this.#parts.pool, this.#parts.tail, wait);
  }

  // Quota ------------------------------------------------------------------------------------------------------------

  get quota(): QuotaRecords {
    return this.#parts.quota;
  }

  // Usage ------------------------------------------------------------------------------------------------------------

  get usage(): UsageRecords {
    return this.#parts.usage;
  }

  // Restores from a backup -------------------------------------------------------------------------------------------

  get restores(): RestoreRecords {
    return this.#parts.restores;
  }

  // Performance ------------------------------------------------------------------------------------------------------

  get performance(): PerformanceRecords {
    return this.#parts.performance;
  }

  // Secrets ----------------------------------------------------------------------------------------------------------

  get secrets(): SecretRecords {
    return this.#parts.secrets;
  }

  // Webhooks ---------------------------------------------------------------------------------------------------------

  get webhooks(): WebhookRecords {
    return this.#parts.webhooks;
  }

  /** Phases and limits after a place in the change feed, settled: nothing will appear before `next` any more. */
  lifecycleEvents(query: { after: number; project?: string; limit: number }): Promise<LifecyclePage> {
    return readLifecycleEvents(this.#parts.pool, this.#parts.mark, query);
  }

  // Projects and API keys --------------------------------------------------------------------------------------------

  /** Throws AlreadyExists. */
  createProject(name: string, options: NewProjectOptions = {}): Promise<ProjectRecord> {
    return this.#parts.projects.create(name, options);
  }

  /** Lets projects be placed on a cluster. Nothing happens when it is known. */
  addCluster(id: string): Promise<void> {
    return this.#parts.projects.addCluster(id);
  }

  project(name: string): Promise<ProjectRecord | undefined> {
    return this.#parts.projects.get(name);
  }

  projects(query: { limit: number; after?: string }): Promise<Page<ProjectRecord>> {
    return this.#parts.projects.list(query);
  }

  /** Throws NotFound, and PreconditionFailed while it has resources. */
  deleteProject(name: string, by?: Attributed): Promise<void> {
    return this.#parts.projects.remove(name, by);
  }

  /** The token is shown once. Throws NotFound for an unknown project. */
  createApiKey(request: NewApiKeyRequest): Promise<NewApiKey> {
    return this.#parts.apiKeys.create(request);
  }

  /** Throws Unauthenticated. A revocation takes effect within a second. */
  authenticate(token: string): Promise<ApiKeyRecord> {
    return this.#parts.apiKeys.authenticate(token);
  }

  /** All of a project, or all there are. */
  async apiKeys(project?: string): Promise<readonly ApiKeyRecord[]> {
    return (await this.#parts.apiKeys.list({ project })).items;
  }

  /** Newest first. */
  apiKeyPage(query: ApiKeysQuery): Promise<Page<ApiKeyRecord>> {
    return this.#parts.apiKeys.list(query);
  }

  apiKey(id: string): Promise<ApiKeyRecord | undefined> {
    return this.#parts.apiKeys.get(id);
  }

  /** The key as it is from now on. Throws NotFound. */
  revokeApiKey(
    id: string,
    by?: Attributed,
    { dryRun = false }: { readonly dryRun?: boolean } = {},
  ): Promise<ApiKeyRecord> {
    return this.#parts.apiKeys.revoke(id, by, dryRun);
  }

  // Monitoring -------------------------------------------------------------------------------------------------------

  /** What waits in the outbox and for the usage feed. */
  backlog(): Promise<Backlog> {
    return readBacklog(this.#parts.pool);
  }

  /** By project, kind and phase; `stuck` are those being deleted for longer than `stuckAfterMs`. */
  countResources(stuckAfterMs: number): Promise<ResourceCount[]> {
    return countResources(this.#parts.pool, stuckAfterMs);
  }

  // Upkeep -----------------------------------------------------------------------------------------------------------

  /** Waits for its turn, then leads once. The signal given to `lead` aborts when the leadership or the caller ends. */
  withLeadership(name: string, lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    return withLeadership(this.#parts.config, name, lead, signal);
  }

  ensurePartitions(): Promise<number> {
    return ensurePartitions(this.#parts.pool);
  }

  dropPartitions(before: PartitionsBefore): Promise<number> {
    return dropPartitions(this.#parts.pool, before);
  }

  forgetIdempotency(olderThan: Date): Promise<number> {
    return forgetIdempotency(this.#parts.pool, olderThan);
  }

  /** Throws Unavailable when the database does not answer. */
  async ping(): Promise<void> {
    await rowsOf(this.#parts.pool, { text: 'select 1' }, []);
  }

  /** Ends subscriptions, then connections. Commands that were submitted are finished first. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { writer, tail, hints, prisma, pool } = this.#parts;
    await writer.idle();
    await tail.close();
    await hints.close();
    await prisma.$disconnect();
    await pool.end();
  }

  /** Each verb answers with its own outcome. */
  async #submit<O extends Outcome>(command: Command): Promise<O> {
    return (await this.#parts.writer.submit(command)) as O;
  }
}
