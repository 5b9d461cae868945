/** Usage as the store gives it out: the feed, sums, the chain and its checkpoints, named readers, exports. */
import type { UsageAuditReport, UsageCheckpoint, UsageConsumer, UsageSummaryRow } from '@compute/domain';
import type pg from 'pg';
import { rowsOf } from '../connection.ts';
import { parsePosition } from '../feed/change-log.ts';
import type {
  UsageEventsPage,
  UsageEventsQuery,
  UsageExport,
  UsageExportQuery,
  UsageSummaryQuery,
  UsageVerificationKey,
} from '../records.ts';
import { auditUsage } from './audit.ts';
import { type ClosedPeriods, closeAndPublish } from './close-period.ts';
import { type Acknowledgement, acknowledge, consumer, consumers, removeConsumer } from './consumers.ts';
import { type Correction, correctUsage } from './correct.ts';
import { exportUsage } from './export.ts';
import { publishUsage } from './publish.ts';
import type { SigningKeys } from './signing-key.ts';
import { usageEvents, usageSummary } from './usage-reads.ts';

export interface UsageParts {
  readonly pool: pg.Pool;
  readonly periodMs: number;
  readonly keys: SigningKeys;
}

export class UsageRecords {
  readonly #parts: UsageParts;

  constructor(parts: UsageParts) {
    this.#parts = parts;
  }

  /** A page of the feed: one order without gaps over all projects. */
  events(query: UsageEventsQuery): Promise<UsageEventsPage> {
    return usageEvents(this.#parts.pool, query);
  }

  /** Running meters count up to now. */
  summary(query: UsageSummaryQuery): Promise<UsageSummaryRow[]> {
    return usageSummary(this.#parts.pool, query);
  }

  /** Cuts running meters at the last period boundary, publishes, and signs the checkpoints of what was closed. Safe to repeat. */
  closePeriods(): Promise<ClosedPeriods> {
    const { pool, periodMs, keys } = this.#parts;
    return closeAndPublish(pool, periodMs, keys);
  }

  /** Gives committed events their places, up to the end of the first period that is not sealed. Safe to repeat. Returns how many. */
  publish(): Promise<number> {
    return publishUsage(this.#parts.pool, this.#parts.periodMs);
  }

  /** Moves a named reader, made with its first acknowledgement. Throws `InvalidArgument`. */
  acknowledge(acknowledgement: Acknowledgement): Promise<UsageConsumer> {
    parsePosition(acknowledgement.position);
    return acknowledge(this.#parts.pool, acknowledgement);
  }

  /** Throws `NotFound`. `owner` is a project, or empty for readers of all projects. */
  consumer(owner: string, name: string): Promise<UsageConsumer> {
    return consumer(this.#parts.pool, owner, name);
  }

  /** All of an owner, or the one of that name; none when there is none. */
  consumers(owner: string, name?: string): Promise<UsageConsumer[]> {
    return consumers(this.#parts.pool, owner, name);
  }

  /** Throws `NotFound`. */
  removeConsumer(owner: string, name: string): Promise<void> {
    return removeConsumer(this.#parts.pool, owner, name);
  }

  /** Throws `InvalidArgument` for a span that is not closed yet. */
  export(query: UsageExportQuery): Promise<UsageExport> {
    return exportUsage(this.#parts.pool, query);
  }

  /** Takes an event back by a new one; answers with its id. Safe to repeat. Throws `NotFound`, `InvalidArgument`. */
  correct(correction: Correction): Promise<string> {
    return correctUsage(this.#parts.pool, correction);
  }

  /** History, replayed through the rules of usage, against what was metered. */
  audit(project: string): Promise<UsageAuditReport> {
    return auditUsage(this.#parts.pool, project);
  }

  /** A statement signed with the key of the ledger, as a JWS. */
  async sign(statement: object): Promise<string> {
    const { pool, keys } = this.#parts;
    return (await keys.forSigning(pool)).sign(statement);
  }

  /** Newest first, those that ended before `before` only. */
  checkpoints(project: string, limit: number, before?: Date): Promise<UsageCheckpoint[]> {
    return rowsOf<UsageCheckpoint>(this.#parts.pool, READ_CHECKPOINTS, [project, before ?? null, limit]);
  }

  /** Every key that statements were ever signed with, and those that may sign next; the present one first. */
  async verificationKeys(): Promise<UsageVerificationKey[]> {
    const own = this.#parts.keys.all().map(({ id, publicKey }) => ({ id, publicKey }));
    const kept = await rowsOf<UsageVerificationKey>(this.#parts.pool, READ_KEYS, [own.map(({ id }) => id)]);
    return [...own, ...kept];
  }
}

const READ_CHECKPOINTS = {
  name: 'read_usage_checkpoints',
  text: `
select period_end as "periodEnd", position::text as "chainPosition", encode(hash, 'hex') as "chainHash", statement
from usage_checkpoint where project = $1 and ($2::timestamptz is null or period_end < $2)
order by period_end desc limit $3`,
};

const READ_KEYS = {
  name: 'read_usage_signing_keys',
  text: 'select id, public_key as "publicKey" from usage_signing_key where id <> all($1::text[]) order by created_at desc',
};
