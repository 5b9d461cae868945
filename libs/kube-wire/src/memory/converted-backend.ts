/** A kind that is another face of a stored kind (`events.k8s.io` events are core events): converts both ways. */
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
import type { StoredAs } from '../protocol/kind.ts';
import type { KubeObject } from '../protocol/kube-object.ts';
import { ObjectVersion } from '../protocol/kube-object.ts';
import { everything, matches } from '../protocol/selectors.ts';

export class ConvertedBackend implements ResourceBackend {
  readonly #conversion: StoredAs;
  readonly #stored: ResourceBackend;
  /** One converted version per stored version, so that its JSON is made once. */
  readonly #converted = new WeakMap<ObjectVersion, ObjectVersion>();

  constructor(conversion: StoredAs, stored: ResourceBackend) {
    this.#conversion = conversion;
    this.#stored = stored;
  }

  #show(version: ObjectVersion): ObjectVersion {
    let converted = this.#converted.get(version);
    if (converted === undefined) {
      converted = new ObjectVersion(this.#conversion.fromStored(version.object));
      this.#converted.set(version, converted);
    }
    return converted;
  }

  async get(key: ObjectKey): Promise<ObjectVersion | undefined> {
    const version = await this.#stored.get(key);
    return version === undefined ? undefined : this.#show(version);
  }

  async list(query: ListQuery): Promise<ListPage> {
    // Field selectors name fields of the shown form, so they can only be applied to that; the page is then the whole list.
    const byFields = query.selection.fields.length > 0;
    const page = await this.#stored.list(byFields ? { ...query, selection: everything, limit: 0 } : query);
    if (byFields) {
      const items = page.items.map((version) => this.#show(version));
      return { ...page, items: items.filter(({ object }) => matches(query.selection, object)) };
    }
    return { ...page, items: page.items.map((version) => this.#show(version)) };
  }

  async create(object: KubeObject, options: WriteOptions): Promise<ObjectVersion> {
    return this.#show(await this.#stored.create(this.#conversion.toStored(object), options));
  }

  async update(key: ObjectKey, change: Change, options: WriteOptions): Promise<ObjectVersion> {
    const stored = await this.#stored.update(
      key,
      (current) => {
        const shown = this.#show(current);
        const next = change(shown);
        return next === shown.object ? current.object : this.#conversion.toStored(next);
      },
      options,
    );
    return this.#show(stored);
  }

  async delete(key: ObjectKey, options: DeleteOptions): Promise<DeleteResult> {
    const { version, gone } = await this.#stored.delete(key, options);
    return { version: this.#show(version), gone };
  }

  watch(query: WatchQuery, sink: WatchSink): Promise<WatchHandle> {
    return this.#stored.watch(query, {
      event: ({ type, version, previous }) => {
        const shown = previous === undefined ? undefined : this.#show(previous);
        sink.event({ type, version: this.#show(version), previous: shown });
      },
      end: (error) => sink.end(error),
    });
  }
}
