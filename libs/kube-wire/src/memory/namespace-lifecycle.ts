/** Empties namespaces that are being deleted and lets them go once nothing is left in them. */
import type { WriteOptions } from '../protocol/backend.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import { resourceKey, verbsOf } from '../protocol/kind.ts';
import type { KubeObject } from '../protocol/kube-object.ts';
import { fieldsOf, listOf } from '../protocol/kube-object.ts';
import { StatusError } from '../protocol/status-error.ts';
import type { Commit, MemoryStore } from './memory-store.ts';
import { WorkQueue } from './work-queue.ts';

const options: WriteOptions = {
  user: { name: 'system:serviceaccount:kube-system:namespace-controller', groups: [] },
  dryRun: false,
};

export class NamespaceLifecycle {
  readonly #store: MemoryStore;
  readonly #queue: WorkQueue;

  constructor(store: MemoryStore) {
    this.#store = store;
    this.#queue = new WorkQueue((name) => this.#process(name));
    store.onCommit((commit) => this.#observe(commit));
  }

  /** Looks at all namespaces once, after state was loaded. */
  start(): void {
    for (const { metadata } of this.#store.list('namespaces')) this.#queue.add(metadata.name);
  }

  close(): void {
    this.#queue.close();
  }

  #observe({ kind, event }: Commit): void {
    const { metadata } = event.version.object;
    if (resourceKey(kind) === 'namespaces') {
      if (metadata.deletionTimestamp !== undefined && event.type !== 'DELETED') this.#queue.add(metadata.name);
    } else if (event.type === 'DELETED' && metadata.namespace !== undefined) this.#queue.add(metadata.namespace);
  }

  #process(name: string): void {
    const namespace = this.#store.find('namespaces', '', name);
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    for (const kind of this.#contentKinds()) {
      for (const object of this.#store.list(resourceKey(kind), name)) this.#delete(kind, object);
    }
    if (this.#contentKinds().every((kind) => this.#store.list(resourceKey(kind), name).length === 0)) {
      this.#finalize(name);
    }
  }

  #contentKinds(): KindDefinition[] {
    const all = this.#store.kinds.all();
    return all.filter((kind) => kind.namespaced && kind.storedAs === undefined && verbsOf(kind).includes('list'));
  }

  #delete(kind: KindDefinition, { metadata }: KubeObject): void {
    if (metadata.deletionTimestamp !== undefined) return;
    const { namespace = '', name } = metadata;
    try {
      this.#store.writer(kind).delete({ namespace, name }, { ...options, propagation: 'Background' });
    } catch (error) {
      // Refused by an admission hook: the namespace waits, and the object's next event brings it back.
      if (!(error instanceof StatusError)) throw error;
    }
  }

  #finalize(name: string): void {
    const kind = this.#store.kinds.byKey('namespaces');
    if (kind === undefined) return;
    const change = ({ object }: { object: KubeObject }): KubeObject => {
      const spec = fieldsOf(object.spec);
      const finalizers = listOf(spec.finalizers).filter((finalizer) => finalizer !== 'kubernetes');
      return { ...object, spec: { ...spec, finalizers } };
    };
    this.#store.writer(kind).update({ namespace: '', name }, change, { ...options, subresource: 'finalize' });
  }
}
