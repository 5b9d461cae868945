/** Identifiers of rows: UUIDs of version 7, whose order in time keeps new rows together in the indexes. */
import { randomUUID } from 'node:crypto';

/** The time, then the random part of a UUID of version 4, of which the platform keeps a store. */
export function newUid(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${randomUUID().slice(15)}`;
}
