/** Storage that answers what it should not: old lists, or 410 for a history that is said to be gone. */
import type { ListPage, ListQuery, ResourceBackend } from '../protocol/backend.ts';
import { expired } from '../protocol/status-error.ts';

/** Remembers the first answer to each query and repeats it. */
export class StaleLists {
  readonly #pages = new Map<string, Promise<ListPage>>();

  /** A backend whose lists stand still. */
  wrap(resource: string, backend: ResourceBackend): ResourceBackend {
    return overlay(backend, {
      list: (query: ListQuery) => {
        const key = `${resource} ${JSON.stringify(query)}`;
        const page = this.#pages.get(key) ?? backend.list(query);
        this.#pages.set(key, page);
        return page;
      },
    });
  }
}

/** A backend that refuses to go on from the past whenever `fires` says so. A watch or list from now on is served. */
export function expiredBackend(backend: ResourceBackend, fires: () => boolean): ResourceBackend {
  const message = 'too old resource version: the history was compacted';
  return overlay(backend, {
    list: (query: ListQuery) => {
      if (query.continueToken !== '' && fires()) return Promise.reject(expired(message));
      return backend.list(query);
    },
    watch: (query, sink) => {
      const past = query.resourceVersion !== '' && query.resourceVersion !== '0';
      return past && fires() ? Promise.reject(expired(message)) : backend.watch(query, sink);
    },
  });
}

function overlay(backend: ResourceBackend, changes: Partial<ResourceBackend>): ResourceBackend {
  return {
    get: (key) => backend.get(key),
    list: (query) => backend.list(query),
    create: (object, options) => backend.create(object, options),
    update: (key, change, options) => backend.update(key, change, options),
    delete: (key, options) => backend.delete(key, options),
    watch: (query, sink) => backend.watch(query, sink),
    ...changes,
  };
}
