/** What a restore from a backup asks of the store: whether the database is older than was seen of it, and the way on. */
import type pg from 'pg';
import { inTransaction, rowsOf } from '../connection.ts';
import type { SigningKeys } from '../usage/signing-key.ts';
import { type BegunRestore, beginRestore } from './begin-restore.ts';
import { type Lineage, readLineage } from './lineage.ts';

export class RestoreRecords {
  readonly #pool: pg.Pool;
  readonly #keys: SigningKeys;

  constructor(pool: pg.Pool, keys: SigningKeys) {
    this.#pool = pool;
    this.#keys = keys;
  }

  lineage(): Promise<Lineage> {
    return readLineage(this.#pool);
  }

  /** Keeps every worker from acting until `end`. Safe to repeat. `seen`: the highest position that a cluster has seen. */
  begin(seen: number): Promise<BegunRestore> {
    return beginRestore(this.#pool, this.#keys, seen);
  }

  /** Lets the workers go on. Does nothing when no restore was begun. */
  async end(): Promise<void> {
    await inTransaction(this.#pool, async (tx) => {
      const [ended] = await rowsOf<{ epoch: number }>(tx, RELEASE, []);
      if (ended) await rowsOf(tx, AUDIT_RESTORE, [String(ended.epoch)]);
    });
  }
}

const RELEASE = {
  name: 'release_database',
  text: 'update database_lineage set held = false, epoch = epoch + 1 where held returning epoch',
};

const AUDIT_RESTORE = {
  name: 'audit_restore',
  text: `
insert into audit (at, project, actor, verb, kind, name, request_id)
values (now(), '', 'system:operator', 'restore', 'Database', $1, '')`,
};
