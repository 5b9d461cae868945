// Writes Kubernetes events as client-go's recorder does: a repeated message raises the count of its event instead of making another.
// Events are told in the order of the calls; a failure to write one is reported and otherwise ignored, because events are only news.
import { createHash, randomUUID } from 'node:crypto';
import { type KubeClient, KubeError, type KubeObject } from '@compute/kube-client';
import { timestamp } from './clock.ts';
import { type Event, events } from './kinds.ts';

interface Told {
  name: string;
  count: number;
  at: number;
}

const rememberedEvents = 4_096;
const repeatIntervalMs = 1_000;

/** Records events of one component (`source.component`). */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #component: string;
  readonly #onError: (error: unknown) => void;
  readonly #told = new Map<string, Told>();

  constructor(client: KubeClient, component: string, onError: (error: unknown) => void) {
    this.#client = client;
    this.#component = component;
    this.#onError = onError;
  }

  /** Tells something about an object that was read from the API. Never rejects. */
  async tell(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): Promise<void> {
    const key = createHash('sha256')
      .update(`${object.metadata.uid}\n${type}\n${reason}\n${message}`)
      .digest('base64url');
    try {
      const told = this.#told.get(key);
      if (told === undefined) await this.#create(key, object, type, reason, message);
      else await this.#repeat(told, object.metadata.namespace ?? 'default');
    } catch (error) {
      this.#told.delete(key);
      if (!isRefused(error)) this.#onError(error);
    }
  }

  async #create(key: string, object: KubeObject, type: string, reason: string, message: string): Promise<void> {
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const eventName = `${name.slice(0, 200)}.${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    this.#remember(key, eventName);
    const now = timestamp();
    const event: Event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: eventName, namespace: namespace ?? 'default' },
      involvedObject: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      type,
      reason,
      message,
      source: { component: this.#component },
      reportingComponent: this.#component,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
    };
    await this.#client.create(events, event);
  }

  #remember(key: string, name: string): void {
    this.#told.set(key, { name, count: 1, at: Date.now() });
    if (this.#told.size <= rememberedEvents) return;
    const oldest = this.#told.keys().next().value;
    if (oldest !== undefined) this.#told.delete(oldest);
  }

  async #repeat(told: Told, namespace: string): Promise<void> {
    told.count += 1;
    if (Date.now() - told.at < repeatIntervalMs) return;
    told.at = Date.now();
    const patch = { count: told.count, lastTimestamp: timestamp() };
    await this.#client.mergePatch(events, { namespace, name: told.name }, patch);
  }
}

// Namespaces that are being deleted take no more events; that is nobody's fault.
function isRefused(error: unknown): boolean {
  return error instanceof KubeError && (error.status === 403 || error.status === 404);
}
