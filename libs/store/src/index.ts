/** The store of the control plane: sole importer of pg and Prisma. */
export type { ApiKeysQuery, NewApiKeyRequest } from './access/api-keys.ts';
export type { NewProjectOptions } from './access/projects.ts';
export type * from './commands.ts';
export { FEED_LOCK } from './locks.ts';
export type { LatestPerformance, PerformanceSample } from './performance/performance-records.ts';
export { PerformanceRecords } from './performance/performance-records.ts';
export { claimOfBoth, defaultLimit } from './quota/claim-keys.ts';
export type { Backlog, ResourceCount } from './reads/service-levels.ts';
export * from './records.ts';
export type { BegunRestore } from './restore/begin-restore.ts';
export type { Lineage } from './restore/lineage.ts';
export { RestoreRecords } from './restore/restore-records.ts';
export { type DatabaseFacts, inspectDatabase, type WorkFacts } from './schema/inspect-database.ts';
export { migrate } from './schema/migrate.ts';
export type { PartitionsBefore } from './schema/upkeep.ts';
export { DATA_KEY_FRESH_MS } from './secrets/project-keys.ts';
export type { SealedBy } from './secrets/sealed-rows.ts';
export type { ResealReport, RewrapReport, SecretRecords } from './secrets/secret-records.ts';
export { WrappingKeys } from './secrets/wrapping-keys.ts';
export { openStore, Store, type StoreOptions } from './store.ts';
export type { ClosedPeriods } from './usage/close-period.ts';
export type { Acknowledgement } from './usage/consumers.ts';
export { UsageRecords } from './usage/usage-records.ts';
export type { LifecycleEvent, LifecyclePage, LimitEvent, PhaseEvent } from './webhooks/lifecycle-events.ts';
export type {
  DueWebhook,
  NewWebhook,
  WebhookAttempt,
  WebhookPatch,
  WebhookProgress,
  WebhookTurn,
  WebhookWithSecret,
} from './webhooks/webhook-records.ts';
export { WebhookRecords } from './webhooks/webhook-records.ts';
