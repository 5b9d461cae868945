/** Which migrations of this repository the rules hold for. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Migration } from './lock-rules.ts';

export type { Migration };

export const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/**
 * The last migration that the rules do not hold for. Those up to it are what the first release installs: they run on a database
 * that is empty, before any service does, so nobody waits for their locks and nobody reads what they drop.
 */
export const LAST_BEFORE_RELEASE = '20261123030200_webhooks';

/** In their order. */
export function allMigrations(): Migration[] {
  return readdirSync(MIGRATIONS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, sql: readFileSync(join(MIGRATIONS, name, 'migration.sql'), 'utf8') }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

export function lintedMigrations(): Migration[] {
  return allMigrations().filter(({ name }) => name > LAST_BEFORE_RELEASE);
}
