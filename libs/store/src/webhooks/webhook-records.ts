/**
 * Webhooks: who is told of events, how far each was told, and how each attempt went. A secret is shown once and sealed
 * from then on. What was delivered is written after the delivery, so a crash between both delivers again, under the same
 * message id.
 */
import { randomBytes } from 'node:crypto';
import { Fault, type WebhookDeliveryRecord, type WebhookEventType, type WebhookRecord } from '@compute/domain';
import type pg from 'pg';
import type { Attributed } from '../commands.ts';
import { inTransaction, type Queryable, rowsOf } from '../connection.ts';
import type { HighWaterMark } from '../feed/high-water-mark.ts';
import { clampLimit } from '../reads/page-limit.ts';
import type { Page } from '../records.ts';
import { keepUnless, resultOf } from '../rehearsal.ts';
import { unwrap, wrap } from '../secrets/envelopes.ts';
import type { WrappingKeys } from '../secrets/wrapping-keys.ts';

/** The only time that the secret is seen. */
export interface WebhookWithSecret {
  readonly record: WebhookRecord;
  readonly secret: string;
}

export interface NewWebhook {
  readonly project?: string;
  readonly url: string;
  readonly eventTypes: readonly WebhookEventType[];
  readonly description: string;
}

export type WebhookPatch = Partial<Omit<NewWebhook, 'project'>> & { readonly enabled?: boolean };

export interface WebhookWrite {
  readonly by: Attributed;
  readonly dryRun?: boolean;
}

/** A secret and, once it was replaced, until when it still signs. */
interface Secret {
  readonly secret: string;
  readonly until?: string;
}

interface WebhookRow {
  readonly id: string;
  readonly project: string | null;
  readonly url: string;
  readonly event_types: WebhookEventType[];
  readonly description: string;
  readonly enabled: boolean;
  readonly disabled_reason: string | null;
  readonly sealed_secrets: Buffer;
  readonly wrapped_by: string | null;
  readonly created_at: Date;
  readonly change_seq: number;
  readonly usage_position: number;
  readonly failing_id: string | null;
  readonly attempts: number;
  readonly next_attempt_at: Date | null;
  readonly redeliver: string[];
}

/** `owner` is its project, or empty for a webhook of every project. */
export interface DueWebhook {
  readonly id: string;
  readonly owner: string;
}

/** What a dispatcher needs of a webhook to deliver its next messages. */
export interface WebhookTurn {
  readonly id: string;
  readonly project?: string;
  readonly url: string;
  readonly eventTypes: readonly WebhookEventType[];
  /** Valid now, newest first. */
  readonly secrets: readonly string[];
  readonly changeSeq: number;
  readonly usagePosition: number;
  readonly failingId?: string;
  readonly failedAttempts: number;
  readonly redeliver: readonly string[];
}

export interface WebhookAttempt {
  readonly messageId: string;
  readonly eventType: string;
  readonly attempt: number;
  readonly delivered: boolean;
  readonly status?: number;
  readonly durationMs: number;
  readonly error?: string;
  readonly body: string;
}

/** What an attempt changes. Cursors only ever move on from where the turn began. */
export interface WebhookProgress {
  readonly changeSeq?: number;
  readonly usagePosition?: number;
  readonly failing?: { readonly messageId: string; readonly attempts: number; readonly afterMs: number };
  readonly disabledReason?: string;
  readonly redelivered?: string;
}

const SECRET_BYTES = 32;

export class WebhookRecords {
  readonly #pool: pg.Pool;
  readonly #mark: HighWaterMark;
  readonly #wrapping: WrappingKeys;

  constructor(pool: pg.Pool, mark: HighWaterMark, wrapping: WrappingKeys) {
    this.#pool = pool;
    this.#mark = mark;
    this.#wrapping = wrapping;
  }

  /** Told of what happens from now on. Throws `NotFound` for an unknown project. */
  async create(webhook: NewWebhook, write: WebhookWrite): Promise<WebhookWithSecret> {
    const id = `wh_${randomBytes(8).toString('hex')}`;
    const secret = newSecret();
    const upTo = await this.#mark.fix();
    const record = await this.#writing(write, async (tx) => {
      if (webhook.project !== undefined && (await rowsOf(tx, PROJECT, [webhook.project])).length === 0)
        throw new Fault('NotFound', `There is no project '${webhook.project}'.`);
      const values = [webhook.project ?? null, webhook.url, [...webhook.eventTypes], webhook.description];
      const { sealed, wrappedBy } = this.#seal(id, [{ secret }]);
      const [row] = await rowsOf<WebhookRow>(tx, INSERT, [id, ...values, sealed, upTo, wrappedBy]);
      return this.#audited(tx, row, 'create', write.by);
    });
    // What is not stored signs nothing: its secret is not worth showing.
    return { record, secret: write.dryRun ? '' : secret };
  }

  async get(id: string): Promise<WebhookRecord | undefined> {
    const [row] = await rowsOf<WebhookRow>(this.#pool, GET, [id]);
    return row && recordOf(row);
  }

  /** By id; of one project, or all. */
  async list({ project, ...page }: { project?: string; limit: number; after?: string }): Promise<Page<WebhookRecord>> {
    const limit = clampLimit(page.limit);
    const rows = await rowsOf<WebhookRow>(this.#pool, LIST, [project ?? null, page.after ?? '', limit + 1]);
    const items = rows.slice(0, limit).map(recordOf);
    const last = items.at(-1);
    return rows.length > limit && last ? { items, next: last.id } : { items };
  }

  /** Enabling tries at once what could not be delivered. Throws `NotFound`. */
  update(id: string, patch: WebhookPatch, write: WebhookWrite): Promise<WebhookRecord> {
    return this.#writing(write, async (tx) => {
      const { url, eventTypes, description, enabled } = patch;
      const values = [url ?? null, eventTypes ? [...eventTypes] : null, description ?? null, enabled ?? null];
      const [row] = await rowsOf<WebhookRow>(tx, UPDATE, [id, ...values]);
      return this.#audited(tx, row, 'update', write.by);
    });
  }

  /** Throws `NotFound`. */
  remove(id: string, write: WebhookWrite): Promise<WebhookRecord> {
    return this.#writing(write, async (tx) => {
      const [row] = await rowsOf<WebhookRow>(tx, REMOVE, [id]);
      return this.#audited(tx, row, 'delete', write.by);
    });
  }

  /** A new secret; those before sign beside it until the overlap is over. Throws `NotFound`. */
  async rotate(id: string, overlapMs: number, write: WebhookWrite): Promise<WebhookWithSecret> {
    const secret = newSecret();
    const record = await this.#writing(write, async (tx) => {
      const [before] = await rowsOf<WebhookRow>(tx, LOCK, [id]);
      const old = before ? this.#secretsOf(before) : [];
      const until = new Date(Date.now() + overlapMs).toISOString();
      const kept = old.filter(isValid).map((one): Secret => ({ ...one, until: one.until ?? until }));
      const { sealed, wrappedBy } = this.#seal(id, [{ secret }, ...kept]);
      const [row] = await rowsOf<WebhookRow>(tx, SET_SECRETS, [id, sealed, wrappedBy]);
      return this.#audited(tx, row, 'rotate', write.by);
    });
    return { record, secret: write.dryRun ? '' : secret };
  }

  /** Goes back: everything that happened since is told again, under the ids of the first time. Throws `NotFound`. */
  replay(id: string, from: Date, write: WebhookWrite): Promise<WebhookRecord> {
    return this.#writing(write, async (tx) => {
      const [row] = await rowsOf<WebhookRow>(tx, REPLAY, [id, from]);
      return this.#audited(tx, row, 'replay', write.by);
    });
  }

  /** Asks for one message again, whatever became of it. Throws `NotFound`. */
  redeliver(id: string, messageId: string, write: WebhookWrite): Promise<WebhookRecord> {
    return this.#writing(write, async (tx) => {
      if ((await rowsOf(tx, MESSAGE, [id, messageId])).length === 0)
        throw new Fault('NotFound', 'There is no such message in the log of deliveries.');
      const [row] = await rowsOf<WebhookRow>(tx, REDELIVER, [id, messageId]);
      return this.#audited(tx, row, 'redeliver', write.by);
    });
  }

  /** Attempts, newest first. */
  async deliveries(query: { id: string; limit: number; after?: string }): Promise<Page<WebhookDeliveryRecord>> {
    const limit = clampLimit(query.limit);
    const after = query.after ?? '9007199254740991';
    if (!/^\d{1,16}$/.test(after)) throw new Fault('InvalidArgument', 'The page token is not one of ours.');
    const rows = await rowsOf<DeliveryRow>(this.#pool, DELIVERIES, [query.id, Number(after), limit + 1]);
    const items = rows.slice(0, limit).map(deliveryOf);
    const last = items.at(-1);
    return rows.length > limit && last ? { items, next: last.id } : { items };
  }

  // For the dispatcher -----------------------------------------------------------------------------------------------

  /** Webhooks that may have something to deliver now, by id. */
  async due(): Promise<DueWebhook[]> {
    const upTo = await this.#mark.fix();
    return rowsOf<DueWebhook>(this.#pool, DUE, [upTo]);
  }

  async turn(id: string): Promise<WebhookTurn | undefined> {
    const [row] = await rowsOf<WebhookRow>(this.#pool, GET, [id]);
    if (!row?.enabled) return undefined;
    return {
      ...{ id, url: row.url, eventTypes: row.event_types, redeliver: row.redeliver },
      ...{ changeSeq: row.change_seq, usagePosition: row.usage_position, failedAttempts: row.attempts },
      secrets: this.#secretsOf(row)
        .filter(isValid)
        .map(({ secret }) => secret),
      ...(row.project === null ? {} : { project: row.project }),
      ...(row.failing_id === null ? {} : { failingId: row.failing_id }),
    };
  }

  /** The body of a message as it was last sent. */
  async bodyOf(id: string, messageId: string): Promise<{ eventType: string; body: string } | undefined> {
    const [row] = await rowsOf<{ event_type: string; body: string }>(this.#pool, MESSAGE, [id, messageId]);
    return row && { eventType: row.event_type, body: row.body };
  }

  /** Writes what was tried and where to go on, together. */
  async record(turn: WebhookTurn, attempt: WebhookAttempt | undefined, progress: WebhookProgress): Promise<void> {
    await inTransaction(this.#pool, async (tx) => {
      if (attempt) {
        const { messageId, eventType, delivered, status, durationMs, error, body } = attempt;
        const outcome = [attempt.attempt, delivered, status ?? null, durationMs, error ?? null, body];
        await rowsOf(tx, INSERT_DELIVERY, [turn.id, messageId, eventType, ...outcome]);
      }
      const { changeSeq, usagePosition, failing, disabledReason, redelivered } = progress;
      await rowsOf(tx, ADVANCE, [
        ...[turn.id, turn.changeSeq, turn.usagePosition],
        ...[changeSeq ?? turn.changeSeq, usagePosition ?? turn.usagePosition],
        ...[failing?.messageId ?? null, failing?.attempts ?? 0, failing?.afterMs ?? null],
        ...[disabledReason ?? null, redelivered ?? null],
      ]);
    });
  }

  /** Returns how many attempts were forgotten. */
  async forget(olderThan: Date): Promise<number> {
    const rows = await rowsOf(this.#pool, FORGET, [olderThan]);
    return rows.length;
  }

  #writing<T>({ dryRun }: WebhookWrite, work: (tx: pg.PoolClient) => Promise<T>): Promise<T> {
    return resultOf(inTransaction(this.#pool, async (tx) => keepUnless(dryRun, await work(tx))));
  }

  async #audited(tx: Queryable, row: WebhookRow | undefined, verb: string, by: Attributed): Promise<WebhookRecord> {
    if (!row) throw new Fault('NotFound', 'There is no such webhook.');
    const { actor, requestId, traceparent, origin } = by;
    const who = [`${actor.type}:${actor.id}`, requestId, traceparent?.split('-')[1] ?? null];
    const from = [origin?.face ?? null, origin?.address ?? null];
    await rowsOf(tx, AUDIT, [row.project ?? '', verb, row.id, ...who, ...from]);
    return recordOf(row);
  }

  /** With a wrapping key and no data key, since some belong to no project. */
  #seal(id: string, secrets: readonly Secret[]): { sealed: Buffer; wrappedBy: string } {
    return wrap(Buffer.from(JSON.stringify(secrets)), this.#wrapping, `webhook/${id}`);
  }

  #secretsOf({ id, sealed_secrets: sealed, wrapped_by: wrappedBy }: WebhookRow): readonly Secret[] {
    return JSON.parse(unwrap({ sealed, wrappedBy }, this.#wrapping, `webhook/${id}`).toString()) as readonly Secret[];
  }
}

interface DeliveryRow {
  readonly id: number;
  readonly message_id: string;
  readonly event_type: string;
  readonly at: Date;
  readonly attempt: number;
  readonly delivered: boolean;
  readonly status: number | null;
  readonly duration_ms: number;
  readonly error: string | null;
}

function deliveryOf(row: DeliveryRow): WebhookDeliveryRecord {
  const { at, attempt, delivered } = row;
  return {
    ...{ id: String(row.id), messageId: row.message_id, eventType: row.event_type, at, attempt, delivered },
    durationMs: row.duration_ms,
    ...(row.status === null ? {} : { status: row.status }),
    ...(row.error === null ? {} : { error: row.error }),
  };
}

function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

function isValid({ until }: Secret): boolean {
  return until === undefined || Date.parse(until) > Date.now();
}

function recordOf(row: WebhookRow): WebhookRecord {
  const { id, url, description, enabled } = row;
  return {
    ...{ id, url, eventTypes: row.event_types, description, enabled, createdAt: row.created_at },
    failedAttempts: row.attempts,
    ...(row.project === null ? {} : { project: row.project }),
    ...(row.disabled_reason === null ? {} : { disabledReason: row.disabled_reason }),
    ...(row.next_attempt_at === null ? {} : { nextAttemptAt: row.next_attempt_at }),
  };
}

const PROJECT = { text: 'select 1 from project where name = $1' };
const GET = { text: 'select * from webhook where id = $1' };
const LOCK = { text: 'select * from webhook where id = $1 for update' };
const LIST = {
  text: `select * from webhook where ($1::text is null or project = $1) and id > $2 order by id limit $3`,
};
const INSERT = {
  text: `
insert into webhook (id, project, url, event_types, description, sealed_secrets, change_seq, redeliver, wrapped_by, usage_position)
select $1, $2, $3, $4, $5, $6, $7::bigint, '{}', $8, coalesce(max(position), 0) from usage_event where chain_position is not null
returning *`,
};
const UPDATE = {
  text: `
update webhook set url = coalesce($2, url), event_types = coalesce($3, event_types),
  description = coalesce($4, description), enabled = coalesce($5, enabled),
  disabled_reason = case when $5 then null else disabled_reason end,
  attempts = case when $5 then 0 else attempts end, failing_id = case when $5 then null else failing_id end,
  next_attempt_at = case when $5 then null else next_attempt_at end
where id = $1 returning *`,
};
const REMOVE = { text: 'delete from webhook where id = $1 returning *' };
const SET_SECRETS = { text: 'update webhook set sealed_secrets = $2, wrapped_by = $3 where id = $1 returning *' };
const REPLAY = {
  text: `
update webhook set failing_id = null, attempts = 0, next_attempt_at = null,
  change_seq = least(change_seq,
    coalesce((select min(seq) - 1 from change where at >= $2), change_seq),
    coalesce((select min(seq) - 1 from quota_history where at >= $2), change_seq)),
  usage_position = least(usage_position, coalesce(
    (select min(position) - 1 from usage_event where recorded_at >= $2 and chain_position is not null), usage_position))
where id = $1 returning *`,
};
const MESSAGE = {
  text: `
select event_type, body from webhook_delivery where webhook_id = $1 and message_id = $2 order by id desc limit 1`,
};
const REDELIVER = {
  text: `update webhook set redeliver = array_append(array_remove(redeliver, $2), $2) where id = $1 returning *`,
};
const DELIVERIES = {
  text: `
select id, message_id, event_type, at, attempt, delivered, status, duration_ms, error from webhook_delivery
where webhook_id = $1 and id < $2 order by id desc limit $3`,
};
const DUE = {
  text: `
select id, coalesce(project, '') as owner from webhook
where enabled and (next_attempt_at is null or next_attempt_at <= now() or cardinality(redeliver) > 0) and (
  change_seq < $1 or cardinality(redeliver) > 0
  or usage_position < (select coalesce(max(position), 0) from usage_event where chain_position is not null))
order by id`,
};
const INSERT_DELIVERY = {
  text: `
insert into webhook_delivery (webhook_id, message_id, event_type, attempt, delivered, status, duration_ms, error, body)
select id, $2, $3, $4, $5, $6, $7, $8, $9 from webhook where id = $1`,
};
/** Whoever moved the cursors meanwhile (a replay, another dispatcher) is not overruled. */
const ADVANCE = {
  text: `
update webhook set change_seq = $4, usage_position = $5, failing_id = $6, attempts = $7,
  next_attempt_at = now() + make_interval(secs => $8::double precision / 1000),
  enabled = enabled and $9::text is null, disabled_reason = coalesce($9, disabled_reason),
  redeliver = case when $10::text is null then redeliver else array_remove(redeliver, $10) end
where id = $1 and change_seq = $2 and usage_position = $3`,
};
const AUDIT = {
  text: `
insert into audit (at, project, actor, verb, kind, name, request_id, trace_id, face, address)
values (clock_timestamp(), $1, $4, $2, 'Webhook', $3, $5, $6, $7, $8)`,
};
const FORGET = { text: 'delete from webhook_delivery where at < $1 returning 1' };
