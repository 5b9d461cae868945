/** One kind of the memory store behind the storage interface of the HTTP layer. */
import type {
  Change,
  DeleteOptions,
  DeleteResult,
  ListPage,
  ListQuery,
  ObjectKey,
  ResourceBackend,
  WatchHandle,
  WatchQuery,
  WatchSink,
  WriteOptions,
} from '../protocol/backend.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import { resourceKey } from '../protocol/kind.ts';
import type { KubeObject, ObjectVersion } from '../protocol/kube-object.ts';
import { matches } from '../protocol/selectors.ts';
import { badRequest, expired, forbiddenField, invalid, tooLargeResourceVersion } from '../protocol/status-error.ts';
import type { Collection } from './collection.ts';
import type { MemoryStore } from './memory-store.ts';

export class MemoryBackend implements ResourceBackend {
  readonly #kind: KindDefinition;
  readonly #store: MemoryStore;

  constructor(kind: KindDefinition, store: MemoryStore) {
    this.#kind = kind;
    this.#store = store;
  }

  get #collection(): Collection {
    return this.#store.collection(resourceKey(this.#kind));
  }

  async get(key: ObjectKey): Promise<ObjectVersion | undefined> {
    return this.#collection.get(key);
  }

  async create(object: KubeObject, options: WriteOptions): Promise<ObjectVersion> {
    return this.#store.writer(this.#kind).create(object, options);
  }

  async update(key: ObjectKey, change: Change, options: WriteOptions): Promise<ObjectVersion> {
    return this.#store.writer(this.#kind).update(key, change, options);
  }

  async delete(key: ObjectKey, options: DeleteOptions): Promise<DeleteResult> {
    return this.#store.writer(this.#kind).delete(key, options);
  }

  async list(query: ListQuery): Promise<ListPage> {
    const { selection, limit, continueToken } = query;
    const counted = selection.labels.length === 0 && selection.fields.length === 0;
    const present = (): { items: ObjectVersion[]; resourceVersion: string } => ({
      items: this.#select(query, counted),
      resourceVersion: String(this.#store.revision),
    });
    if (continueToken !== '') {
      if (query.resourceVersion !== '' && query.resourceVersion !== '0') {
        throw badRequest('specifying resource version is not allowed when using continue');
      }
      return this.#store.pages.next(continueToken, limit, counted, present);
    }
    this.#checkVersion(query);
    return this.#store.pages.first(present(), limit, counted);
  }

  #select({ namespace, selection }: ListQuery, all: boolean): ObjectVersion[] {
    const objects = this.#collection.list(namespace);
    return all ? objects : objects.filter(({ object }) => matches(selection, object));
  }

  #checkVersion({ resourceVersion, resourceVersionMatch, limit }: ListQuery): void {
    if (!/^\d*$/.test(resourceVersion)) throw badRequest(`invalid resource version ${JSON.stringify(resourceVersion)}`);
    const asked = Number(resourceVersion || '0');
    const { revision } = this.#store;
    if (resourceVersionMatch !== '' && resourceVersion === '') {
      const problem = forbiddenField(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden unless resourceVersion is provided',
      );
      throw invalid('meta.k8s.io', 'ListOptions', '', [problem]);
    }
    if (asked > revision) throw tooLargeResourceVersion(resourceVersion, String(revision));
    // Only the present state is kept, so an exact version can be served as long as it is the present one.
    const exact = resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0 && asked > 0);
    if (exact && asked !== revision) throw expired(`The resourceVersion for the provided list is too old.`);
  }

  async watch({ namespace, resourceVersion }: WatchQuery, sink: WatchSink): Promise<WatchHandle> {
    const collection = this.#collection;
    if (resourceVersion === '' || resourceVersion === '0') {
      for (const version of collection.list(namespace)) sink.event({ type: 'ADDED', version, previous: undefined });
    } else {
      const from = Number(resourceVersion);
      const { revision } = this.#store;
      if (from > revision) throw tooLargeResourceVersion(resourceVersion, String(revision));
      for (const event of collection.history.since(from)) sink.event(event);
    }
    const detach = collection.attach(sink);
    return { resourceVersion: () => String(this.#store.revision), close: detach };
  }
}
