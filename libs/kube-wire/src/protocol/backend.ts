/**
 * The seam between the Kubernetes protocol and storage. The HTTP layer talks to nothing but this interface; the memory
 * store implements it, and so can a database. A backend owns identity and order: uid, resourceVersion, creation and
 * deletion. The HTTP layer owns what a request means: bodies, patches, field ownership, selectors of watches.
 *
 * Contract: resourceVersions are decimal strings that grow with every write of the backend; versions handed out are
 * never changed afterwards; `update` runs its callback against the version it will replace, and runs it again when
 * that version was replaced meanwhile.
 */

import type { KindDefinition } from './kind.ts';
import type { KubeObject, ObjectVersion } from './kube-object.ts';
import type { RequestUser } from './route.ts';
import type { Selection } from './selectors.ts';

/** `namespace` is empty for cluster-scoped kinds. */
export interface ObjectKey {
  namespace: string;
  name: string;
}

export interface ListQuery {
  /** Empty: all namespaces (or a cluster-scoped kind). */
  namespace: string;
  selection: Selection;
  /** 0: no limit. */
  limit: number;
  continueToken: string;
  resourceVersion: string;
  resourceVersionMatch: string;
}

export interface ListPage {
  items: ObjectVersion[];
  resourceVersion: string;
  continueToken?: string;
  remainingItemCount?: number;
}

export interface WriteOptions {
  user: RequestUser;
  dryRun: boolean;
  subresource?: string;
  /** Tells the client something that is no error, as a Warning header. */
  warn?: (text: string) => void;
}

/** Returns the next version of the object; returning the current object unchanged means nothing is written. */
export type Change = (current: ObjectVersion) => KubeObject;

export interface DeleteOptions extends WriteOptions {
  uid?: string;
  resourceVersion?: string;
  gracePeriodSeconds?: number;
  propagation?: 'Background' | 'Foreground' | 'Orphan';
}

export interface DeleteResult {
  version: ObjectVersion;
  /** False while finalizers or a grace period keep the object. */
  gone: boolean;
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  version: ObjectVersion;
  /** The version before; needed to tell when an object enters or leaves a selection. */
  previous: ObjectVersion | undefined;
  /** The backend has applied namespace and selection itself: the event is shown as it is. */
  selected?: boolean;
}

export interface WatchSink {
  event(event: WatchEvent): void;
  /** The backend ends the watch: the history is gone (410) or the backend shuts down (no error). */
  end(error?: Error): void;
}

export interface WatchQuery {
  namespace: string;
  /** Empty or `0`: begin with the present objects as ADDED events, then everything after them. */
  resourceVersion: string;
  /** For backends that select themselves; the others are selected from by the HTTP layer. */
  selection: Selection;
}

export interface WatchHandle {
  /** Version up to which everything was delivered; goes into bookmarks. */
  resourceVersion(): string;
  close(): void;
}

/** Storage of one kind. Verbs a kind does not list are never called. Failures are StatusErrors. */
export interface ResourceBackend {
  get(key: ObjectKey): Promise<ObjectVersion | undefined>;
  list(query: ListQuery): Promise<ListPage>;
  create(object: KubeObject, options: WriteOptions): Promise<ObjectVersion>;
  update(key: ObjectKey, change: Change, options: WriteOptions): Promise<ObjectVersion>;
  delete(key: ObjectKey, options: DeleteOptions): Promise<DeleteResult>;
  /** The sink may be called before the promise resolves. */
  watch(query: WatchQuery, sink: WatchSink): Promise<WatchHandle>;
}

/** All storage of a server. */
export interface Backends {
  /** The storage of a kind as the user may see it; undefined makes its paths answer 404. */
  backendOf(kind: KindDefinition, user: RequestUser): ResourceBackend | undefined;
}
