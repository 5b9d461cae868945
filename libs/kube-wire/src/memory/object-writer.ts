/**
 * The semantics of writes: identity, generation, admission, finalizers and graceful deletion. Every method is one
 * synchronous step from the current version to the next, so nothing can come between reading and writing.
 */
import { randomUUID } from 'node:crypto';
import type { AdmissionRequest, StateReader } from '../protocol/admission.ts';
import type { Change, DeleteOptions, DeleteResult, ObjectKey, WriteOptions } from '../protocol/backend.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import { generationRule } from '../protocol/kind.ts';
import type { KubeObject } from '../protocol/kube-object.ts';
import { cloneJson, equalJson, ObjectVersion, readPath, timestamp } from '../protocol/kube-object.ts';
import type { FieldProblem } from '../protocol/status-error.ts';
import { alreadyExists, conflict, forbiddenField, invalid, invalidField, notFound } from '../protocol/status-error.ts';
import { metadataProblems } from './object-metadata.ts';
import { generateName, nameProblems } from './object-names.ts';

/** What the writer needs from the store. */
export interface WriterStore extends StateReader {
  current(kind: KindDefinition, key: ObjectKey): ObjectVersion | undefined;
  put(kind: KindDefinition, object: KubeObject): ObjectVersion;
  remove(kind: KindDefinition, object: KubeObject): ObjectVersion;
  /** Throws when nothing may be created in the namespace. */
  checkNamespace(kind: KindDefinition, object: KubeObject): void;
  /** Throws when a quota of the namespace does not allow the write. */
  checkQuota(kind: KindDefinition, object: KubeObject, previous: KubeObject | undefined): void;
}

const foreground = 'foregroundDeletion';
const orphan = 'orphan';

export class ObjectWriter {
  readonly #kind: KindDefinition;
  readonly #store: WriterStore;

  constructor(kind: KindDefinition, store: WriterStore) {
    this.#kind = kind;
    this.#store = store;
  }

  create(object: KubeObject, options: WriteOptions): ObjectVersion {
    const kind = this.#kind;
    const draft = this.#newObject(object);
    const { name, namespace = '' } = draft.metadata;
    this.#refuse(name, [...nameProblems(kind, draft), ...metadataProblems(draft)]);
    if (kind.namespaced) this.#store.checkNamespace(kind, draft);
    this.#admit({
      operation: 'create',
      object: draft,
      previous: undefined,
      subresource: undefined,
      state: this.#store,
    });
    // Before the name, as upstream: a create that repeats itself can meet the quota first.
    if (kind.namespaced) this.#store.checkQuota(kind, draft, undefined);
    if (this.#store.current(kind, { namespace, name }) !== undefined) throw alreadyExists(kind, name);
    return options.dryRun ? new ObjectVersion(draft) : this.#store.put(kind, draft);
  }

  #newObject(object: KubeObject): KubeObject {
    const draft = cloneJson(object);
    const { metadata } = draft;
    if (!metadata.name && metadata.generateName) metadata.name = generateName(metadata.generateName);
    delete metadata.resourceVersion;
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    delete metadata.generation;
    metadata.uid = randomUUID();
    metadata.creationTimestamp = timestamp();
    if (generationRule(this.#kind) !== 'none') metadata.generation = 1;
    return draft;
  }

  #admit(request: AdmissionRequest): void {
    const { admission } = this.#kind;
    admission?.prepare?.(request);
    this.#refuse(request.object.metadata.name, admission?.validate?.(request) ?? []);
  }

  #refuse(name: string, problems: FieldProblem[]): void {
    if (problems.length > 0) throw invalid(this.#kind.group, this.#kind.kind, name, problems);
  }

  #require(key: ObjectKey): ObjectVersion {
    const current = this.#store.current(this.#kind, key);
    if (current === undefined) throw notFound(this.#kind, key.name);
    return current;
  }

  update(key: ObjectKey, change: Change, options: WriteOptions): ObjectVersion {
    const current = this.#require(key);
    const changed = change(current);
    if (changed === current.object) return current;
    const draft = cloneJson(changed);
    this.#keepIdentity(draft, current.object);
    const problems = [...this.#finalizerProblems(current.object, draft), ...this.#frozen(current.object, draft)];
    this.#refuse(key.name, [...problems, ...metadataProblems(draft)]);
    const { subresource } = options;
    this.#admit({ operation: 'update', object: draft, previous: current.object, subresource, state: this.#store });
    if (this.#kind.namespaced && subresource === undefined) this.#store.checkQuota(this.#kind, draft, current.object);
    this.#raiseGeneration(current.object, draft);
    if (equalJson(current.object, draft)) return current;
    if (options.dryRun) return new ObjectVersion(draft);
    return this.#mayGo(draft) ? this.#store.remove(this.#kind, draft) : this.#store.put(this.#kind, draft);
  }

  #keepIdentity(draft: KubeObject, { metadata }: KubeObject): void {
    const kept = [
      'name',
      'namespace',
      'uid',
      'creationTimestamp',
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
    ] as const;
    const target = draft.metadata as unknown as Record<string, unknown>;
    for (const field of [...kept, 'generation', 'resourceVersion'] as const) {
      if (metadata[field] === undefined) delete target[field];
      else target[field] = metadata[field];
    }
  }

  #finalizerProblems(current: KubeObject, draft: KubeObject): FieldProblem[] {
    if (current.metadata.deletionTimestamp === undefined) return [];
    const before = current.metadata.finalizers ?? [];
    const added = (draft.metadata.finalizers ?? []).filter((finalizer) => !before.includes(finalizer));
    if (added.length === 0) return [];
    const shown = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`;
    const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`;
    return [forbiddenField('metadata.finalizers', why)];
  }

  #frozen(current: KubeObject, draft: KubeObject): FieldProblem[] {
    return (this.#kind.immutableFields ?? []).flatMap(({ path, message }) => {
      const next = readPath(draft, path);
      return equalJson(readPath(current, path), next) ? [] : [invalidField(path, next, message)];
    });
  }

  #raiseGeneration(current: KubeObject, draft: KubeObject): void {
    const rule = generationRule(this.#kind);
    if (rule === 'none') return;
    const ignored = rule === 'spec' ? ['metadata', 'status'] : ['metadata'];
    const names = new Set([...Object.keys(current), ...Object.keys(draft)].filter((name) => !ignored.includes(name)));
    const changed = [...names].some((name) => !equalJson(current[name], draft[name]));
    if (changed) draft.metadata.generation = (current.metadata.generation ?? 0) + 1;
  }

  /** An object that is being deleted goes as soon as nothing holds it. */
  #mayGo(object: KubeObject): boolean {
    const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
    if (deletionTimestamp === undefined || deletionGracePeriodSeconds > 0 || finalizers.length > 0) return false;
    return this.#kind.holdsDeletion?.(object) !== true;
  }

  delete(key: ObjectKey, options: DeleteOptions): DeleteResult {
    const current = this.#require(key);
    this.#checkPreconditions(current, options);
    const draft = cloneJson(current.object);
    const subresource = undefined;
    this.#admit({ operation: 'delete', object: draft, previous: current.object, subresource, state: this.#store });
    setPropagation(draft, options.propagation);
    const graceSeconds = this.#graceSeconds(current.object, options);
    if (!markDeleted(draft, graceSeconds) && equalJson(draft, current.object)) return { version: current, gone: false };
    const gone = this.#mayGo(draft);
    if (options.dryRun) return { version: new ObjectVersion(draft), gone };
    if (!gone) return { version: this.#store.put(this.#kind, draft), gone };
    if (current.object.metadata.deletionTimestamp === undefined) unmark(draft, current.object);
    return { version: this.#store.remove(this.#kind, draft), gone };
  }

  #checkPreconditions({ object, resourceVersion }: ObjectVersion, options: DeleteOptions): void {
    const { uid, name } = object.metadata;
    if (options.uid !== undefined && options.uid !== uid) {
      const why = `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
      throw conflict(this.#kind, name, why);
    }
    if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
      const why = `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`;
      throw conflict(this.#kind, name, why);
    }
  }

  #graceSeconds(object: KubeObject, { gracePeriodSeconds }: DeleteOptions): number {
    const natural = this.#kind.deletionGraceSeconds?.(object) ?? 0;
    // A kind (or state) without grace ignores what the client asks for.
    return natural === 0 ? 0 : (gracePeriodSeconds ?? natural);
  }
}

function setPropagation({ metadata }: KubeObject, propagation: DeleteOptions['propagation']): void {
  if (propagation === undefined) return;
  const others = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== foreground && finalizer !== orphan);
  if (propagation === 'Foreground') others.push(foreground);
  if (propagation === 'Orphan') others.push(orphan);
  if (others.length > 0) metadata.finalizers = others;
  else delete metadata.finalizers;
}

/** Sets or shortens the deletion; false when it already runs and would not end earlier. */
function markDeleted({ metadata }: KubeObject, graceSeconds: number): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = metadata;
  if (deletionTimestamp !== undefined && graceSeconds >= deletionGracePeriodSeconds) return false;
  metadata.deletionTimestamp = timestamp(Date.now() + graceSeconds * 1000);
  metadata.deletionGracePeriodSeconds = graceSeconds;
  if (metadata.generation !== undefined && deletionTimestamp === undefined) metadata.generation += 1;
  return true;
}

/** An object that goes at once is last seen as it was. */
function unmark(draft: KubeObject, current: KubeObject): void {
  delete draft.metadata.deletionTimestamp;
  delete draft.metadata.deletionGracePeriodSeconds;
  if (current.metadata.generation !== undefined) draft.metadata.generation = current.metadata.generation;
}
