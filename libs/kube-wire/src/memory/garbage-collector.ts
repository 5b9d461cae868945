/**
 * Garbage collection by owner references: dependents of deleted owners go (background), owners deleted in the
 * foreground wait for their blocking dependents, orphaned dependents lose the reference. Works off a queue behind the
 * writes that cause it, as the controller of a real cluster does.
 */
import type { WriteOptions } from '../protocol/backend.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import { resourceKey } from '../protocol/kind.ts';
import type { KubeObject, OwnerReference } from '../protocol/kube-object.ts';
import { StatusError } from '../protocol/status-error.ts';
import type { Commit, MemoryStore } from './memory-store.ts';
import { OwnerIndex, type Reference } from './owner-index.ts';
import { WorkQueue } from './work-queue.ts';

const options: WriteOptions = {
  user: { name: 'system:serviceaccount:kube-system:generic-garbage-collector', groups: [] },
  dryRun: false,
};

type OwnerState = 'solid' | 'waiting' | 'absent';

export class GarbageCollector {
  readonly #store: MemoryStore;
  readonly #index = new OwnerIndex();
  readonly #queue: WorkQueue;

  constructor(store: MemoryStore) {
    this.#store = store;
    this.#queue = new WorkQueue((key) => this.#process(key));
    store.onCommit((commit) => this.#observe(commit));
  }

  /** Learns objects that were loaded, and looks at all of them once. */
  learn(kind: KindDefinition, object: KubeObject): void {
    const reference = referenceTo(kind, object);
    this.#index.update(reference, undefined, object);
    if (needsWork(object)) this.#queue.add(keyText(reference));
  }

  /** Stops after the step that runs. */
  close(): void {
    this.#queue.close();
  }

  #observe({ kind, event }: Commit): void {
    const { object } = event.version;
    const reference = referenceTo(kind, object);
    const deleted = event.type === 'DELETED';
    this.#index.update(reference, event.previous?.object, deleted ? undefined : object);
    if (!deleted) {
      if (needsWork(object)) this.#queue.add(keyText(reference));
      return;
    }
    for (const dependent of this.#index.dependentsOf(object.metadata.uid ?? '')) this.#queue.add(keyText(dependent));
    for (const owner of object.metadata.ownerReferences ?? []) {
      const found = this.#ownerOf(object, owner);
      if (found !== undefined) this.#queue.add(keyText(referenceTo(found.kind, found.object)));
    }
  }

  #process(text: string): void {
    const [resource = '', namespace = '', name = ''] = text.split('/');
    const kind = this.#store.kinds.byKey(resource);
    const object = this.#store.find(resource, namespace, name);
    if (kind === undefined || object === undefined) return;
    try {
      if (isMarked(object, 'orphan')) this.#orphan(kind, object);
      else if (isMarked(object, 'foregroundDeletion')) this.#deleteDependents(kind, object);
      else this.#collect(kind, object);
    } catch (error) {
      // The object went or changed meanwhile; its own event brings it back to the queue.
      if (!(error instanceof StatusError)) throw error;
    }
  }

  /** Deletes an object whose owners are all gone, and takes references to gone owners off the others. */
  #collect(kind: KindDefinition, object: KubeObject): void {
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0 || object.metadata.deletionTimestamp !== undefined) return;
    const states = owners.map((owner) => this.#stateOf(object, owner));
    if (states.every((state) => state === 'solid')) return;
    if (states.includes('solid')) {
      const left = owners.filter((_, at) => states[at] === 'solid');
      this.#change(kind, object, { ownerReferences: left });
      return;
    }
    const hasDependents = this.#index.dependentsOf(object.metadata.uid ?? '').length > 0;
    const propagation = states.includes('waiting') && hasDependents ? 'Foreground' : 'Background';
    const { namespace = '', name, uid = '' } = object.metadata;
    this.#store.writer(kind).delete({ namespace, name }, { ...options, uid, propagation });
  }

  #deleteDependents(kind: KindDefinition, owner: KubeObject): void {
    const dependents = this.#index.dependentsOf(owner.metadata.uid ?? '');
    for (const dependent of dependents) this.#queue.add(keyText(dependent));
    if (!dependents.some((dependent) => this.#blocks(dependent, owner)))
      this.#unmark(kind, owner, 'foregroundDeletion');
  }

  #blocks({ resource, namespace, name }: Reference, owner: KubeObject): boolean {
    const references = this.#store.find(resource, namespace, name)?.metadata.ownerReferences ?? [];
    return references.some(({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion === true);
  }

  #orphan(kind: KindDefinition, owner: KubeObject): void {
    for (const { resource, namespace, name } of this.#index.dependentsOf(owner.metadata.uid ?? '')) {
      const dependentKind = this.#store.kinds.byKey(resource);
      const dependent = this.#store.find(resource, namespace, name);
      if (dependentKind === undefined || dependent === undefined) continue;
      const left = (dependent.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
      this.#change(dependentKind, dependent, { ownerReferences: left });
    }
    this.#unmark(kind, owner, 'orphan');
  }

  #unmark(kind: KindDefinition, object: KubeObject, finalizer: string): void {
    const left = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
    this.#change(kind, object, { finalizers: left });
  }

  #change(kind: KindDefinition, { metadata }: KubeObject, change: Partial<KubeObject['metadata']>): void {
    const { namespace = '', name } = metadata;
    const update = (current: { object: KubeObject }): KubeObject => {
      const next = { ...current.object.metadata, ...change };
      if (next.ownerReferences?.length === 0) delete next.ownerReferences;
      if (next.finalizers?.length === 0) delete next.finalizers;
      return { ...current.object, metadata: next };
    };
    this.#store.writer(kind).update({ namespace, name }, update, options);
  }

  #stateOf(dependent: KubeObject, owner: OwnerReference): OwnerState {
    // Owners of kinds this server does not know cannot be looked up; they are taken to exist.
    if (this.#store.kinds.byKind(owner.apiVersion, owner.kind) === undefined) return 'solid';
    const found = this.#ownerOf(dependent, owner);
    if (found === undefined) return 'absent';
    return isMarked(found.object, 'foregroundDeletion') ? 'waiting' : 'solid';
  }

  #ownerOf(dependent: KubeObject, owner: OwnerReference): { kind: KindDefinition; object: KubeObject } | undefined {
    const kind = this.#store.kinds.byKind(owner.apiVersion, owner.kind);
    if (kind === undefined) return undefined;
    const namespace = kind.namespaced ? (dependent.metadata.namespace ?? '') : '';
    const object = this.#store.find(resourceKey(kind), namespace, owner.name);
    return object?.metadata.uid === owner.uid && object !== undefined ? { kind, object } : undefined;
  }
}

function isMarked({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(finalizer) === true;
}

function needsWork(object: KubeObject): boolean {
  const owned = (object.metadata.ownerReferences ?? []).length > 0;
  return owned || isMarked(object, 'orphan') || isMarked(object, 'foregroundDeletion');
}

function referenceTo(kind: KindDefinition, { metadata }: KubeObject): Reference {
  return { resource: resourceKey(kind), namespace: metadata.namespace ?? '', name: metadata.name };
}

function keyText({ resource, namespace, name }: Reference): string {
  return `${resource}/${namespace}/${name}`;
}
