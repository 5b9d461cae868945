/**
 * API keys. A token is `vmk_<id>_<secret>`; of the secret only its hash is stored. Verdicts are kept in memory for less
 * than a second, which is how late a revocation may take effect.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { API_KEY_SCOPES, type ApiKeyRecord, type ApiKeyScope, Fault } from '@compute/domain';
import type pg from 'pg';
import type { Attributed } from '../commands.ts';
import { rowsOf } from '../connection.ts';
import type { ApiKey } from '../generated/client.ts';
import { clampLimit } from '../reads/page-limit.ts';
import type { NewApiKey, Page } from '../records.ts';
import { keepUnless, resultOf } from '../rehearsal.ts';
import { auditEntry, OPERATOR } from './audit-entry.ts';
import type { ColdClient } from './prisma.ts';
import { isMissingParent } from './prisma-errors.ts';

const TOKEN = /^vmk_([0-9a-f]{16})_([0-9a-f]{64})$/;
const KEPT_MS = 800;
const KEPT_AT_MOST = 10_000;
const NOTE_USE_EVERY_MS = 60_000;

export interface NewApiKeyRequest {
  /** Absent: every project. */
  readonly project?: string;
  readonly name: string;
  readonly scopes: readonly ApiKeyScope[];
  readonly expiresAt?: Date;
  /** Who asks; absent: the operator. */
  readonly by?: Attributed;
  /** Decides everything, stores nothing and gives no token. */
  readonly dryRun?: boolean;
}

export interface ApiKeysQuery {
  readonly project?: string | undefined;
  readonly limit?: number;
  readonly after?: string;
}

interface Kept {
  /** Undefined: there is no such key. */
  readonly key: { readonly record: ApiKeyRecord; readonly secretHash: Buffer } | undefined;
  readonly untilMs: number;
}

interface KeyRow {
  readonly id: string;
  readonly project: string | null;
  readonly name: string;
  readonly secretHash: Uint8Array;
  readonly scopes: string[];
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

export class ApiKeys {
  readonly #pool: pg.Pool;
  readonly #prisma: ColdClient;
  readonly #onError: (error: unknown) => void;
  readonly #kept = new Map<string, Kept>();
  readonly #usedMs = new Map<string, number>();

  constructor(pool: pg.Pool, prisma: ColdClient, onError: (error: unknown) => void) {
    this.#pool = pool;
    this.#prisma = prisma;
    this.#onError = onError;
  }

  /** Throws `NotFound` for an unknown project. */
  async create({ project, name, scopes, expiresAt, by = OPERATOR, dryRun }: NewApiKeyRequest): Promise<NewApiKey> {
    const id = randomBytes(8).toString('hex');
    const secret = randomBytes(32).toString('hex');
    const data = {
      ...{ id, name, scopes: [...scopes], secretHash: new Uint8Array(hashOf(secret)) },
      ...{ project: project ?? null, expiresAt: expiresAt ?? null },
    };
    try {
      const transaction = this.#prisma.$transaction(async (tx) => {
        const made = await tx.apiKey.create({ data });
        await tx.audit.create({ data: auditEntry({ ...subjectOf(made), verb: 'create' }, by) });
        return keepUnless(dryRun, made);
      });
      // A key that is not stored opens nothing: its secret is not worth showing.
      return { record: toRecord(await resultOf(transaction)), token: dryRun ? '' : `vmk_${id}_${secret}` };
    } catch (error) {
      if (isMissingParent(error)) throw new Fault('NotFound', `There is no project '${project}'.`);
      throw error;
    }
  }

  /** Throws `Unauthenticated`, in the same words whatever is wrong. */
  async authenticate(token: string): Promise<ApiKeyRecord> {
    const [, id, secret] = TOKEN.exec(token) ?? [];
    const key = id === undefined ? undefined : await this.#find(id);
    // Compared even when there is no such key, so that the time taken tells nothing.
    const matches = timingSafeEqual(key?.secretHash ?? NO_HASH, hashOf(secret ?? ''));
    if (!key || !matches || !isValid(key.record)) throw refused(key?.record, matches);
    this.#noteUse(key.record.id);
    return key.record;
  }

  /** Of one project, or all; newest first. Pages when a limit is given; `after` is `next` of the page before. */
  async list({ project, limit, after }: ApiKeysQuery): Promise<Page<ApiKeyRecord>> {
    const take = limit === undefined ? undefined : clampLimit(limit);
    const rows: ApiKey[] = await this.#prisma.apiKey.findMany({
      where: { ...(project === undefined ? {} : { project }), ...(after === undefined ? {} : olderThan(after)) },
      orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
      ...(take === undefined ? {} : { take: take + 1 }),
    });
    const items = rows.slice(0, take).map(toRecord);
    const last = items.at(-1);
    if (take === undefined || rows.length <= take || !last) return { items };
    return { items, next: `${last.createdAt.getTime()}.${last.id}` };
  }

  async get(id: string): Promise<ApiKeyRecord | undefined> {
    const row = await this.#prisma.apiKey.findUnique({ where: { id } });
    return row ? toRecord(row) : undefined;
  }

  /** Safe to repeat. The key as it is from now on. Throws `NotFound`. */
  async revoke(id: string, by: Attributed = OPERATOR, dryRun = false): Promise<ApiKeyRecord> {
    const transaction = this.#prisma.$transaction(async (tx) => {
      const revoked = await tx.apiKey.updateMany({ where: { id, revokedAt: null }, data: { revokedAt: new Date() } });
      const key = await tx.apiKey.findUnique({ where: { id } });
      if (!key) throw new Fault('NotFound', 'There is no such API key.');
      if (revoked.count > 0) await tx.audit.create({ data: auditEntry({ ...subjectOf(key), verb: 'revoke' }, by) });
      return keepUnless(dryRun, toRecord(key));
    });
    const revoked = await resultOf(transaction);
    this.#kept.delete(id);
    return revoked;
  }

  async #find(id: string): Promise<Kept['key']> {
    const kept = this.#kept.get(id);
    if (kept && kept.untilMs > Date.now()) return kept.key;
    const [row] = await rowsOf<KeyRow>(this.#pool, FIND_KEY, [id]);
    const key = row && { record: toRecord(row), secretHash: Buffer.from(row.secretHash) };
    if (this.#kept.size >= KEPT_AT_MOST) this.#kept.clear();
    this.#kept.set(id, { key, untilMs: Date.now() + KEPT_MS });
    return key;
  }

  /** Rarely and without waiting: knowing roughly when a key was last used is enough. */
  #noteUse(id: string): void {
    const now = Date.now();
    if ((this.#usedMs.get(id) ?? 0) > now - NOTE_USE_EVERY_MS) return;
    this.#usedMs.set(id, now);
    this.#pool.query({ ...NOTE_USE, values: [id] }).catch(this.#onError);
  }
}

const subjectOf = ({ id, project }: { id: string; project: string | null }) => ({
  ...{ kind: 'ApiKey', name: id, project: project ?? '' },
});

/** What comes after the last key of a page in the order of the list. */
function olderThan(cursor: string) {
  const [, atMs, id] = /^(\d{1,15})\.([0-9a-f]{16})$/.exec(cursor) ?? [];
  if (id === undefined) throw new Fault('InvalidArgument', 'The page token is not one of ours.');
  const at = new Date(Number(atMs));
  return { OR: [{ createdAt: { lt: at } }, { createdAt: at, id: { gt: id } }] };
}

const NO_HASH = Buffer.alloc(32);

function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** The same words for the caller whatever is wrong; the cause, for the log, names a key that is known. */
function refused(key: ApiKeyRecord | undefined, matches: boolean): Fault {
  const message = 'The API key is not valid.';
  if (!key) return new Fault('Unauthenticated', message);
  const why = matches ? (key.revokedAt ? 'is revoked' : 'has expired') : 'came with a wrong secret';
  return new Fault('Unauthenticated', message, {}, new Error(`API key ${key.id} ${why}`));
}

function isValid({ revokedAt, expiresAt }: ApiKeyRecord): boolean {
  return revokedAt === undefined && (expiresAt === undefined || expiresAt.getTime() > Date.now());
}

function toRecord(row: Omit<KeyRow, 'secretHash'>): ApiKeyRecord {
  return {
    id: row.id,
    name: row.name,
    scopes: API_KEY_SCOPES.filter((scope) => row.scopes.includes(scope)),
    createdAt: row.createdAt,
    ...(row.project === null ? {} : { project: row.project }),
    ...(row.expiresAt === null ? {} : { expiresAt: row.expiresAt }),
    ...(row.revokedAt === null ? {} : { revokedAt: row.revokedAt }),
    ...(row.lastUsedAt === null ? {} : { lastUsedAt: row.lastUsedAt }),
  };
}

const FIND_KEY = {
  name: 'find_api_key',
  text: `
select id, project, name, secret_hash as "secretHash", scopes, expires_at as "expiresAt", revoked_at as "revokedAt",
  created_at as "createdAt", last_used_at as "lastUsedAt"
from api_key where id = $1`,
};

const NOTE_USE = { name: 'note_key_use', text: 'update api_key set last_used_at = now() where id = $1' };
