/** Loads the row of a look, and lets every line of the log that follows say whose wish it is. */
import { noteIds } from '@compute/runtime';
import type { LoadedResource, Store } from '@compute/store';

/** Undefined when the row is gone. */
export async function loadRow(store: Pick<Store, 'load'>, uid: string): Promise<LoadedResource | undefined> {
  const loaded = await store.load(uid);
  if (!loaded) return undefined;
  const { resource, operation } = loaded;
  const wish = operation === undefined ? {} : { operationId: operation.id, requestId: operation.requestId };
  noteIds({ project: resource.project, name: resource.name, ...wish });
  return loaded;
}
