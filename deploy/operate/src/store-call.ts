/** A store for the length of one command. */
import type { ProjectRecord } from '@compute/domain';
import { SHARED_SETTINGS } from '@compute/runtime';
import { openStore, type QuotaLimits, type Store, WrappingKeys } from '@compute/store';
import type { Call } from './command.ts';

const { databaseUrl, secretsKey, otherSecretsKeys, usagePeriod } = SHARED_SETTINGS;
const STORE_SETTINGS = { databaseUrl, secretsKey, otherSecretsKeys, usagePeriod };

export const DATABASE_SETTINGS = { databaseUrl };

const CONNECTIONS = 3;

/** Throws ConfigurationError, and `Unavailable` when the database is away or lacks a migration. */
export async function withStore<T>(
  call: Call,
  work: (store: Store) => Promise<T>,
  quotaDefaults: QuotaLimits = {},
): Promise<T> {
  const settings = call.settings(STORE_SETTINGS);
  const store = await openStore({
    databaseUrl: settings.databaseUrl,
    secretsKey: new WrappingKeys(settings.secretsKey, settings.otherSecretsKeys),
    usagePeriod: settings.usagePeriod,
    poolSize: CONNECTIONS,
    applicationName: 'compute-operate',
    // Only claims make counters from the defaults; commands that claim nothing do without.
    quotaDefaults,
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Every project, page by page. */
export async function* everyProject(store: Store): AsyncGenerator<ProjectRecord> {
  let after: string | undefined;
  do {
    const page = await store.projects({ limit: 500, ...(after === undefined ? {} : { after }) });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}
