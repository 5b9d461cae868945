/** Kinds that are a view of something else: they are read, and written nowhere. */
import {
  type ListPage,
  type ListQuery,
  methodNotAllowed,
  type ObjectKey,
  type ObjectVersion,
  type ResourceBackend,
  type WatchHandle,
  type WatchQuery,
  type WatchSink,
} from '@compute/kube-wire';

export abstract class ReadOnlyBackend implements ResourceBackend {
  abstract get(key: ObjectKey): Promise<ObjectVersion | undefined>;
  abstract list(query: ListQuery): Promise<ListPage>;

  async create(): Promise<never> {
    throw methodNotAllowed();
  }

  async update(): Promise<never> {
    throw methodNotAllowed();
  }

  async delete(): Promise<never> {
    throw methodNotAllowed();
  }

  abstract watch(query: WatchQuery, sink: WatchSink): Promise<WatchHandle>;
}
