/** Projects as namespaces: kubectl asks for them to complete names and to explain what is missing. */
import { isFault } from '@compute/domain';
import {
  clusterKinds,
  everything,
  type KindDefinition,
  type ListPage,
  type ListQuery,
  matches,
  type ObjectKey,
  ObjectVersion,
  type WatchHandle,
  type WatchQuery,
  type WatchSink,
} from '@compute/kube-wire';
import type { ProjectService } from '../application/project-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { guarded, type NoteFault } from './guarded.ts';
import { kubeTime } from './kube-object.ts';
import { type Watcher, WHOLE, watchByPolling } from './polled-watch.ts';
import { ReadOnlyBackend } from './read-only-backend.ts';
import { readOnlyKind } from './read-only-kind.ts';

export const NAMESPACE_KIND: KindDefinition = readOnlyKind(clusterKinds, 'Namespace');

interface Project {
  readonly name: string;
  readonly uid: string;
  readonly createdAt: Date;
}

const PAGE = 1000;

export class NamespaceBackend extends ReadOnlyBackend {
  readonly #projects: ProjectService;
  readonly #context: RequestContext;
  readonly #note: NoteFault;
  readonly #watcher: Watcher;

  constructor(projects: ProjectService, watcher: Watcher, note: NoteFault) {
    super();
    this.#projects = projects;
    this.#context = watcher.caller.context;
    this.#note = note;
    this.#watcher = watcher;
  }

  watch(query: WatchQuery, sink: WatchSink): Promise<WatchHandle> {
    const read = async () => (await this.list({ ...WHOLE, namespace: '', selection: everything })).items;
    return guarded(subject(''), this.#note, () =>
      watchByPolling({ ...this.#watcher, read, forgets: true }, query, sink),
    );
  }

  get({ name }: ObjectKey): Promise<ObjectVersion | undefined> {
    return guarded(subject(name), this.#note, async () => {
      try {
        return namespaceOf(await this.#projects.get(this.#context, name));
      } catch (error) {
        if (isFault(error, 'NotFound')) return undefined;
        throw error;
      }
    });
  }

  list({ selection, limit, continueToken }: ListQuery): Promise<ListPage> {
    return guarded(subject(''), this.#note, async () => {
      const size = limit === 0 ? PAGE : Math.min(limit, PAGE);
      const page = await this.#projects.list(this.#context, size, continueToken);
      const items = page.items.map(namespaceOf).filter(({ object }) => matches(selection, object));
      return { items, resourceVersion: '1', ...(page.next === undefined ? {} : { continueToken: page.next }) };
    });
  }
}

const subject = (name: string) => ({ group: '', kind: 'Namespace', plural: 'namespaces', name });

function namespaceOf({ name, uid, createdAt }: Project): ObjectVersion {
  const labels = { 'kubernetes.io/metadata.name': name };
  return new ObjectVersion({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, uid, resourceVersion: '1', creationTimestamp: kubeTime(createdAt), labels },
    spec: {},
    status: { phase: 'Active' },
  });
}
