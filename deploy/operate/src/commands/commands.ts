/** Every command by its name, in the order of the help. */
import type { Command } from '../command.ts';
import { adopt, adoptOrphans, listAdoptable } from './adopt.ts';
import { audit } from './audit.ts';
import { checkpoints } from './checkpoints.ts';
import { doctor } from './doctor.ts';
import { createKey, listKeys, revokeKey } from './keys.ts';
import { migrateDatabase } from './migrate.ts';
import { orphans } from './orphans.ts';
import { createProject, listProjects } from './projects.ts';
import { rebuildQueue } from './rebuild-queue.ts';
import { reconcile } from './reconcile.ts';
import { recount } from './recount.ts';
import { checkRestore, finishRestore } from './restore.ts';
import { resealProject, rewrapSecrets, showSecrets } from './secrets.ts';
import { verify } from './verify.ts';

export const COMMANDS: Readonly<Record<string, Command>> = {
  doctor,
  migrate: migrateDatabase,
  'projects create': createProject,
  'projects list': listProjects,
  'keys create': createKey,
  'keys list': listKeys,
  'keys revoke': revokeKey,
  'secrets show': showSecrets,
  'secrets rewrap': rewrapSecrets,
  'secrets reseal': resealProject,
  reconcile,
  'rebuild-queue': rebuildQueue,
  orphans,
  adopt,
  'adopt list': listAdoptable,
  'adopt orphans': adoptOrphans,
  'restore check': checkRestore,
  'restore finish': finishRestore,
  recount,
  audit,
  checkpoints,
  verify,
};
