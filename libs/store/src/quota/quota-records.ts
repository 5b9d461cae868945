/** Quotas as the store gives them out: counters and limits, who holds what, what happened to limits, and their recount. */
import type { QuotaCounter, QuotaDrift, QuotaHistoryEntry, QuotaHolder } from '@compute/domain';
import type pg from 'pg';
import { OPERATOR } from '../access/audit-entry.ts';
import type { Attributed } from '../commands.ts';
import type { Page, QuotaHistoryQuery, QuotaHoldersQuery, QuotaLimits } from '../records.ts';
import { type RecountOptions, readQuota, recountQuota } from './quota-accounts.ts';
import { readHolders, readReserved } from './quota-claims.ts';
import { forgetQuotaHistory, readQuotaHistory } from './quota-history.ts';
import { followDefaults, setQuota } from './quota-limits.ts';

interface SetOptions {
  readonly by?: Attributed;
  readonly dryRun?: boolean;
}

export class QuotaRecords {
  readonly #pool: pg.Pool;
  readonly #defaults: QuotaLimits;

  /** `defaults` hold where nobody set a limit. */
  constructor(pool: pg.Pool, defaults: QuotaLimits) {
    this.#pool = pool;
    this.#defaults = defaults;
  }

  /** Counters that exist, defaults that name one counter, and what `also` names by claim key. */
  counters(project: string, also: readonly string[] = []): Promise<QuotaCounter[]> {
    return readQuota(this.#pool, project, this.#defaults, also);
  }

  /** What is left out returns to its default. A limit below use stops growth. Throws InvalidArgument, NotFound. */
  setLimits(
    project: string,
    limits: QuotaLimits,
    { by = OPERATOR, dryRun = false }: SetOptions = {},
  ): Promise<QuotaCounter[]> {
    return setQuota(this.#pool, project, limits, { defaults: this.#defaults, by, dryRun });
  }

  /** Makes limits that nobody set what this store's defaults say now. Returns how many changed. */
  followDefaults(): Promise<number> {
    return followDefaults(this.#pool, this.#defaults);
  }

  /** By claim key: what of the use nothing stands behind yet. Absent: none. */
  reserved(project: string): Promise<ReadonlyMap<string, number>> {
    return readReserved(this.#pool, project);
  }

  /** Who holds what, by kind and name. Throws InvalidArgument. */
  holders(query: QuotaHoldersQuery): Promise<Page<QuotaHolder>> {
    return readHolders(this.#pool, query);
  }

  /** What happened to limits, newest first. Throws InvalidArgument. */
  history(query: QuotaHistoryQuery): Promise<Page<QuotaHistoryEntry>> {
    return readQuotaHistory(this.#pool, query);
  }

  /** Returns how many lines were forgotten. */
  forgetHistory(olderThan: Date): Promise<number> {
    return forgetQuotaHistory(this.#pool, olderThan);
  }

  /** Counters that differ from their rows, as found; repaired when asked for. */
  recount(options: RecountOptions): Promise<QuotaDrift[]> {
    return recountQuota(this.#pool, options);
  }
}
