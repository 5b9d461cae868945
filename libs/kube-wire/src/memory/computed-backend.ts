/** Read-only storage of objects that are computed from something else, such as the definitions of registered kinds. */
import type {
  ListPage,
  ListQuery,
  ObjectKey,
  ResourceBackend,
  WatchHandle,
  WatchQuery,
  WatchSink,
} from '../protocol/backend.ts';
import type { KubeObject } from '../protocol/kube-object.ts';
import { ObjectVersion } from '../protocol/kube-object.ts';
import { matches } from '../protocol/selectors.ts';
import { methodNotAllowed } from '../protocol/status-error.ts';

export class ComputedBackend implements ResourceBackend {
  readonly #objects: () => KubeObject[];

  /** `objects` is asked at every read and gives them in the order of their names. */
  constructor(objects: () => KubeObject[]) {
    this.#objects = objects;
  }

  async get({ namespace, name }: ObjectKey): Promise<ObjectVersion | undefined> {
    const found = this.#objects().find(
      ({ metadata }) => metadata.name === name && (metadata.namespace ?? '') === namespace,
    );
    return found === undefined ? undefined : new ObjectVersion(found);
  }

  async list({ namespace, selection }: ListQuery): Promise<ListPage> {
    const inside = this.#objects().filter(({ metadata }) => namespace === '' || metadata.namespace === namespace);
    const items = inside.filter((object) => matches(selection, object)).map((object) => new ObjectVersion(object));
    return { items, resourceVersion: '1' };
  }

  async watch({ resourceVersion }: WatchQuery, sink: WatchSink): Promise<WatchHandle> {
    if (resourceVersion === '' || resourceVersion === '0') {
      for (const object of this.#objects()) {
        sink.event({ type: 'ADDED', version: new ObjectVersion(object), previous: undefined });
      }
    }
    return { resourceVersion: () => '1', close: () => undefined };
  }

  async create(): Promise<never> {
    throw methodNotAllowed();
  }

  async update(): Promise<never> {
    throw methodNotAllowed();
  }

  async delete(): Promise<never> {
    throw methodNotAllowed();
  }
}
