// A controller: informers say which keys may need work, a queue does it one key at a time. Reconciling reads the newest state and is
// repeatable, so an event may be lost, doubled or late without harm. All pauses are cluster time.
import {
  type Informer,
  type InformerChange,
  isAlreadyExists,
  isConflict,
  isNotFound,
  type KubeObject,
  WorkQueue,
} from '@compute/kube-client';
import type { Clock } from './clock.ts';

export interface ControllerOptions {
  name: string;
  clock: Clock;
  /** Brings one key nearer to what it should be. Throwing means again later; `afterMs` means look again in that much cluster time. */
  reconcile: (key: string, signal: AbortSignal) => Promise<{ afterMs: number } | undefined>;
  concurrency?: number;
  /** Hears of failures that are not ordinary races (conflict, gone, already there). */
  onError: (error: unknown) => void;
}

export class Controller {
  readonly #queue: WorkQueue;
  readonly #unsubscribe: (() => void)[] = [];

  constructor(options: ControllerOptions) {
    this.#queue = new WorkQueue({
      concurrency: options.concurrency ?? 8,
      schedule: options.clock.schedule,
      process: async (key, signal) => {
        const next = await options.reconcile(key, signal);
        if (next !== undefined) this.#queue.addAfter(key, next.afterMs);
      },
      onError: (key, error) => {
        if (!isRace(error)) options.onError(new Error(`${options.name} ${key}`, { cause: error }));
      },
    });
  }

  /** Every change of the informer's objects, and each object that is already there, wants these keys looked at. */
  watch<T extends KubeObject>(informer: Informer<T>, keysOf: (change: InformerChange<T>) => Iterable<string>): this {
    const enqueue = (change: InformerChange<T>): void => {
      for (const key of keysOf(change)) this.#queue.add(key);
    };
    this.#unsubscribe.push(informer.onChange(enqueue));
    for (const key of informer.keys()) {
      const object = informer.getByKey(key);
      if (object !== undefined) enqueue({ type: 'added', key, object });
    }
    return this;
  }

  add(key: string): void {
    this.#queue.add(key);
  }

  addAfter(key: string, clusterMs: number): void {
    this.#queue.addAfter(key, clusterMs);
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#queue.stop();
  }
}

function isRace(error: unknown): boolean {
  return isConflict(error) || isNotFound(error) || isAlreadyExists(error);
}
