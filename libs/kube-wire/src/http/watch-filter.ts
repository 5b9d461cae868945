/**
 * Turns what happened to objects into what one watcher sees: objects outside its namespace or selection are invisible,
 * entering the selection is ADDED and leaving it is DELETED.
 */
import type { WatchEvent } from '../protocol/backend.ts';
import type { Selection } from '../protocol/selectors.ts';
import { matches } from '../protocol/selectors.ts';

/** The event type the watcher sees, or undefined when it sees nothing. */
export function visibleType(
  event: WatchEvent,
  namespace: string,
  selection: Selection,
): WatchEvent['type'] | undefined {
  if (event.selected === true) return event.type;
  const { object } = event.version;
  if (namespace !== '' && object.metadata.namespace !== namespace) return undefined;
  if (selection.labels.length === 0 && selection.fields.length === 0) return event.type;
  const now = event.type !== 'DELETED' && matches(selection, object);
  const before = event.previous !== undefined && matches(selection, event.previous.object);
  if (now) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}
