// One informer per kind for everything that runs in a process, so that ten controllers share one list and one watch.
// All informers are named before `start`; a controller that asks for a kind later would read an empty copy.
import { Informer, type KubeClient, type KubeObject, type ResourceKind } from '@compute/kube-client';

/** Informers of whole objects (without managedFields), made on first request. */
export class InformerSet {
  readonly #client: KubeClient;
  readonly #onError: (error: unknown) => void;
  readonly #informers = new Map<string, Informer<KubeObject>>();
  #started = false;

  constructor(client: KubeClient, onError: (error: unknown) => void) {
    this.#client = client;
    this.#onError = onError;
  }

  /** The informer of a kind. Throws when the set runs already and nobody asked for this kind before. */
  of<T extends KubeObject>(kind: ResourceKind<T>): Informer<T> {
    const key = `${kind.plural}.${kind.group}`;
    const known = this.#informers.get(key);
    if (known !== undefined) return known as unknown as Informer<T>;
    if (this.#started) throw new Error(`nobody asked for ${key} before the informers were started`);
    const informer = new Informer<T>({
      client: this.#client,
      kind,
      backoff: { minMs: 20, maxMs: 2_000 },
      onError: this.#onError,
    });
    this.#informers.set(key, informer as unknown as Informer<KubeObject>);
    return informer;
  }

  /** Starts all informers; resolves when each has read its first list. */
  async start(): Promise<void> {
    this.#started = true;
    await Promise.all([...this.#informers.values()].map((informer) => informer.start()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.stop()));
  }
}
