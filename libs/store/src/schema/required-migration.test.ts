import { readdir } from 'node:fs/promises';
import { emptyDatabase } from '@compute/test-services';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openTestStore, SECRETS_KEY, type TestStore } from '../fixtures/open-test-store.ts';
import { openStore } from '../store.ts';
import { NEWEST_MIGRATION } from './required-migration.ts';

const behind = {
  code: 'Unavailable',
  message: `The database lacks the migration ${NEWEST_MIGRATION} that this build needs; "operate migrate" applies it.`,
};

let it: TestStore;
beforeAll(async () => {
  it = await openTestStore();
});
beforeEach(() => it.sql('update _prisma_migrations set finished_at = now(), rolled_back_at = null'));
afterAll(() => it.close());

const onNewest = (change: string) => it.sql(`${change} where migration_name = $1`, [NEWEST_MIGRATION]);

test('the migration that this build needs is the newest of the folder', async () => {
  const entries = await readdir(new URL('../../../../prisma/migrations', import.meta.url), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(NEWEST_MIGRATION).toBe(names.sort().at(-1));
});

test('a database on which that migration failed or was rolled back is refused', async () => {
  await onNewest('update _prisma_migrations set finished_at = null');
  await expect(it.another()).rejects.toMatchObject(behind);
  await onNewest('update _prisma_migrations set finished_at = now(), rolled_back_at = now()');
  await expect(it.another()).rejects.toMatchObject(behind);
});

test('a database that is ahead of this build is accepted', async () => {
  await it.sql(`insert into _prisma_migrations (id, checksum, migration_name, finished_at)
    values ('ahead', '', '99990101000000_of_a_later_build', now())`);
  expect((await (await it.another()).projects({ limit: 1 })).items).toHaveLength(1);
});

test('a database that is behind is refused until the migration is applied', async () => {
  await onNewest("update _prisma_migrations set migration_name = $1 || '_other'");
  await expect(it.another()).rejects.toMatchObject(behind);
  await it.sql(`update _prisma_migrations set migration_name = $1 where migration_name = $1 || '_other'`, [
    NEWEST_MIGRATION,
  ]);
  expect((await (await it.another()).projects({ limit: 1 })).items).toHaveLength(1);
});

test('a database that was never migrated is refused in the same words', async () => {
  const { url: databaseUrl } = await emptyDatabase();
  const opened = openStore({ databaseUrl, secretsKey: SECRETS_KEY, applicationName: 'store-test', quotaDefaults: {} });
  await expect(opened).rejects.toMatchObject(behind);
});
