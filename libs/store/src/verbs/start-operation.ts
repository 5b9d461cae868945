/** The operation and the audit line that every request of a user leaves behind. */

import type { Operation } from '@compute/domain';
import { newUid } from '../new-uid.ts';
import type { Attribution, Batch } from '../write/batch.ts';
import type { Entry } from '../write/entry.ts';

/** Returns the id. `done`: there is nothing that a worker would have to do. */
export function startOperation(
  batch: Batch,
  entry: Entry,
  verb: Operation['verb'],
  by: Attribution & { readonly requestId: string },
  done = false,
): string {
  const { project, kind, uid, name, generation } = entry.resource;
  const id = newUid();
  const end = done ? { doneAt: batch.now } : {};
  batch.operations.push({
    ...{ id, project, kind, uid, name, verb, generation, createdAt: batch.now, requestId: by.requestId },
    ...end,
  });
  batch.audit.push({ ...by, verb, resource: entry.resource });
  return id;
}
