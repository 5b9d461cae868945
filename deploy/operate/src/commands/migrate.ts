/** Brings the database to the schema of this build. */
import { migrate } from '@compute/store';
import type { Command } from '../command.ts';
import { DATABASE_SETTINGS } from '../store-call.ts';

export const migrateDatabase: Command = {
  usage: '',
  about: 'Applies the migrations that the database lacks; services of the build before go on working beside it.',
  words: 0,
  options: {},
  run: async (call) => {
    const applied = await migrate(call.settings(DATABASE_SETTINGS).databaseUrl);
    const lines = applied.length === 0 ? ['The database has every migration of this build.'] : applied;
    return { json: { applied }, lines };
  },
};
