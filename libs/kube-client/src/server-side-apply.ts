// Server-side apply by client-node's own KubernetesObjectApi, with two of its habits replaced: it asks discovery where a kind lives
// (we know, so a call is one request), and it opens its own connections (ours are pooled).
// client-node builds path, query, content type and body; the answer is returned as plain JSON, not as its classes with Date fields.
import {
  createConfiguration,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
  type RequestContext,
  ServerConfiguration,
  type V1APIResource,
} from '@kubernetes/client-node';
import type { KubeObject } from './kube-object.ts';
import { apiVersionOf, type ResourceKind } from './resource-kind.ts';
import type { HttpVerb, Transport } from './transport.ts';

/** `fieldManager` owns the fields that are sent; with `force` it takes them from other managers instead of failing with Conflict. */
export interface ApplyOptions {
  fieldManager: string;
  force?: boolean;
  signal?: AbortSignal;
  timeoutMs?: number;
}

const origin = 'http://cluster.invalid';

/** One apply. An instance lives for one call, because kind, signal and timeout belong to the call. */
class ApplyCall extends KubernetesObjectApi {
  readonly #transport: Transport;
  readonly #kind: ResourceKind;
  readonly #options: ApplyOptions;

  constructor(transport: Transport, kind: ResourceKind, options: ApplyOptions) {
    super(createConfiguration({ baseServer: new ServerConfiguration(origin, {}) }));
    this.#transport = transport;
    this.#kind = kind;
    this.#options = options;
  }

  protected override async resource(): Promise<V1APIResource> {
    const { kind, plural, namespaced } = this.#kind;
    return { name: plural, kind, namespaced, singularName: '', verbs: ['patch'] };
  }

  protected override async requestPromise<T extends KubernetesObject>(context: RequestContext): Promise<T> {
    const { signal, timeoutMs } = this.#options;
    const body = context.getBody();
    const text = await this.#transport.send({
      method: context.getHttpMethod() as HttpVerb,
      path: context.getUrl().slice(origin.length),
      contentType: PatchStrategy.ServerSideApply,
      ...(typeof body === 'string' ? { body } : {}),
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return JSON.parse(text) as T;
  }
}

/** Applies an object and returns it as the server now has it. Throws KubeError; a Conflict names the other managers' fields. */
export async function serverSideApply<T extends KubeObject>(
  transport: Transport,
  kind: ResourceKind<T>,
  object: T,
  options: ApplyOptions,
): Promise<T> {
  const spec = { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
  const call = new ApplyCall(transport, kind, options);
  const applied = await call.patch(
    spec as unknown as KubernetesObject,
    undefined,
    undefined,
    options.fieldManager,
    options.force,
    PatchStrategy.ServerSideApply,
  );
  return applied as unknown as T;
}
