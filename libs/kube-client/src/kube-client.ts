// The calls. Each is one HTTP request over the pool (list: one per page), takes an AbortSignal and a timeout, and fails with KubeError.
// Objects come back exactly as the server sent them, except that items of lists get the `apiVersion` and `kind` they lack there.
import { Connection } from './connection.ts';
import { isConflict, isNotFound } from './kube-error.ts';
import type { KubeObject, ObjectRef } from './kube-object.ts';
import { apiVersionOf, collectionPath, objectPath, queryString, type ResourceKind } from './resource-kind.ts';
import { type ApplyOptions, serverSideApply } from './server-side-apply.ts';
import { type CallReport, type HttpVerb, Transport } from './transport.ts';
import { runWatch, type WatchEvent, type WatchOptions } from './watch.ts';

export interface KubeClientOptions {
  /** Default time a call may take, 30 s. */
  timeoutMs?: number;
  userAgent?: string;
  /** `fieldManager` of creates, updates and patches that name none. */
  fieldManager?: string;
  /** Concurrent connections for calls, 64; watches have their own. */
  connections?: number;
  /** Hears of every finished call (not of watches). */
  onCall?: (report: CallReport) => void;
}

export interface CallOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
}

export interface WriteOptions extends CallOptions {
  subresource?: string;
  fieldManager?: string;
  dryRun?: boolean;
}

export interface ListOptions extends CallOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Objects per page, 500. All pages are read. */
  limit?: number;
}

export interface DeleteOptions extends CallOptions {
  /** Delete only this object, not a later one of the same name. */
  uid?: string;
  resourceVersion?: string;
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

export interface ObjectList<T extends KubeObject> {
  items: T[];
  resourceVersion: string;
}

export interface JsonPatchOperation {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  path: string;
  from?: string;
  value?: unknown;
}

/** Target of {@link KubeClient.subresource}: `/apis/{group}/{version}/namespaces/{namespace}/{plural}/{name}/{subresource}`. */
export interface SubresourceTarget {
  group: string;
  version: string;
  plural: string;
  namespace: string;
  name: string;
  subresource: string;
}

interface ListBody<T> {
  metadata: { resourceVersion?: string; continue?: string };
  items: T[] | null;
}

/** A client of one cluster. Share one instance; it holds the connection pool. */
export class KubeClient {
  readonly #connection: Connection;
  readonly #transport: Transport;
  readonly #fieldManager: string | undefined;

  private constructor(open: (connections: number) => Connection, options: KubeClientOptions) {
    this.#connection = open(options.connections ?? 64);
    this.#fieldManager = options.fieldManager;
    this.#transport = new Transport({
      connection: this.#connection,
      timeoutMs: options.timeoutMs ?? 30_000,
      userAgent: options.userAgent ?? 'compute',
      ...(options.onCall === undefined ? {} : { onCall: options.onCall }),
    });
  }

  /** The current context of a kubeconfig file. */
  static fromKubeconfigFile(path: string, options: KubeClientOptions = {}): KubeClient {
    return new KubeClient((connections) => Connection.fromFile(path, connections), options);
  }

  /** The current context of a kubeconfig given as YAML or JSON. */
  static fromKubeconfigText(text: string, options: KubeClientOptions = {}): KubeClient {
    return new KubeClient((connections) => Connection.fromText(text, connections), options);
  }

  /** KUBECONFIG, else ~/.kube/config, else the pod's service account. */
  static fromDefault(options: KubeClientOptions = {}): KubeClient {
    return new KubeClient((connections) => Connection.fromDefault(connections), options);
  }

  /** Address of the API server. */
  get server(): string {
    return this.#connection.server.href;
  }

  /** Ends all connections; running calls and watches fail. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** The object, or undefined when there is none of that name. */
  async get<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    options: CallOptions & { subresource?: string } = {},
  ): Promise<T | undefined> {
    const { subresource, ...call } = options;
    try {
      return await this.raw<T>('GET', objectPath(kind, ref, subresource), undefined, call);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** All objects that match, read page by page, and the resource version a watch can continue from. */
  async list<T extends KubeObject>(kind: ResourceKind<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const items: T[] = [];
    let resourceVersion = '';
    for await (const page of this.listPages(kind, options)) {
      for (const item of page.items) items.push(item);
      resourceVersion = page.resourceVersion;
    }
    return { items, resourceVersion };
  }

  /** The pages of a list one after the other; the event loop runs between them. Throws a gone error when a page token has expired. */
  async *listPages<T extends KubeObject>(
    kind: ResourceKind<T>,
    options: ListOptions = {},
  ): AsyncGenerator<ObjectList<T>> {
    const { namespace, labelSelector, fieldSelector, limit = 500, ...call } = options;
    let token: string | undefined;
    do {
      const query = queryString({ labelSelector, fieldSelector, limit, continue: token });
      const body = await this.raw<ListBody<T>>('GET', collectionPath(kind, namespace) + query, undefined, call);
      token = body.metadata.continue === '' ? undefined : body.metadata.continue;
      const items = (body.items ?? []).map((item) => withType(kind, item));
      yield { items, resourceVersion: body.metadata.resourceVersion ?? '' };
      if (token !== undefined) await new Promise((resolve) => setImmediate(resolve));
    } while (token !== undefined);
  }

  /** Creates an object (or, with `subresource`, posts to one, such as a pod's `binding`). */
  async create<T extends KubeObject>(kind: ResourceKind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace } = object.metadata;
    const path =
      options.subresource === undefined
        ? collectionPath(kind, namespace)
        : objectPath(kind, object.metadata, options.subresource);
    const body = options.subresource === undefined ? withType(kind, object) : object;
    return this.#write<T>('POST', path, body, 'application/json', options);
  }

  /** Replaces the whole object. With `metadata.resourceVersion` it fails with Conflict when somebody wrote since. */
  async replace<T extends KubeObject>(kind: ResourceKind<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const path = objectPath(kind, object.metadata, options.subresource);
    return this.#write<T>('PUT', path, withType(kind, object), 'application/json', options);
  }

  /** JSON merge patch: null removes a field, lists are replaced. */
  async mergePatch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    patch: Record<string, unknown>,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = objectPath(kind, ref, options.subresource);
    return this.#write<T>('PATCH', path, patch, 'application/merge-patch+json', options);
  }

  /** JSON patch (RFC 6902); a failed `test` is an error. */
  async jsonPatch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    operations: readonly JsonPatchOperation[],
    options: WriteOptions = {},
  ): Promise<T> {
    const path = objectPath(kind, ref, options.subresource);
    return this.#write<T>('PATCH', path, operations, 'application/json-patch+json', options);
  }

  /** Server-side apply: creates the object or takes over the fields that are named in it, and drops those named before and not now. */
  async apply<T extends KubeObject>(kind: ResourceKind<T>, object: T, options: ApplyOptions): Promise<T> {
    objectPath(kind, object.metadata);
    return serverSideApply(this.#transport, kind, object, options);
  }

  /**
   * Asks for deletion. `deleted` means that the server accepted it (the object may remain until its finalizers are gone), `absent` that
   * there is no such object; with `uid` also when another object bears the name now.
   */
  async delete(kind: ResourceKind, ref: ObjectRef, options: DeleteOptions = {}): Promise<'deleted' | 'absent'> {
    const { uid, resourceVersion, gracePeriodSeconds, propagationPolicy, ...call } = options;
    const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions, gracePeriodSeconds, propagationPolicy };
    try {
      await this.raw('DELETE', objectPath(kind, ref), body, call);
      return 'deleted';
    } catch (error) {
      const replaced = uid !== undefined && resourceVersion === undefined && isConflict(error);
      if (isNotFound(error) || replaced) return 'absent';
      throw error;
    }
  }

  /** Calls a subresource that is a verb, such as KubeVirt's `restart`; undefined when the answer has no body. */
  async subresource<T = unknown>(
    method: HttpVerb,
    target: SubresourceTarget,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    const { group, version, plural, namespaced, kind } = { ...target, namespaced: true, kind: target.plural };
    const path = objectPath({ group, version, plural, namespaced, kind }, target, target.subresource);
    return this.raw<T | undefined>(method, path, body, options);
  }

  /** Any request; `path` starts at the server's root and includes the query. Text that is not JSON is returned as a string. */
  async raw<T>(method: HttpVerb, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
    const text = await this.#transport.send({
      method,
      path,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...options,
    });
    return parseAnswer(text) as T;
  }

  /** One watch, until the server ends it; see {@link runWatch}. Most callers want an Informer. */
  async watch<T extends KubeObject>(
    kind: ResourceKind<T>,
    options: WatchOptions,
    handler: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await runWatch(this.#transport, kind, options, handler, signal);
  }

  async #write<T>(
    method: HttpVerb,
    path: string,
    body: unknown,
    contentType: string,
    options: WriteOptions,
  ): Promise<T> {
    const { fieldManager = this.#fieldManager, dryRun, signal, timeoutMs } = options;
    const query = queryString({ fieldManager, dryRun: dryRun === true ? 'All' : undefined });
    const text = await this.#transport.send({
      method,
      path: path + query,
      body: JSON.stringify(body),
      contentType,
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return parseAnswer(text) as T;
  }
}

function withType<T extends KubeObject>(kind: ResourceKind<T>, object: T): T {
  if (object.apiVersion !== undefined && object.kind !== undefined) return object;
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
}

function parseAnswer(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
