/**
 * A memory store with everything that makes it a cluster's: saved state, garbage collection, namespace lifecycle,
 * quotas and the expiry of events. The order matters: state is loaded before the controllers look at it, and the
 * journal hears of a change before any controller reacts to it.
 */
import type { KindRegistry } from '../protocol/kind.ts';
import { resourceKey } from '../protocol/kind.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { Journal } from './journal.ts';
import { MemoryStore } from './memory-store.ts';
import { NamespaceLifecycle } from './namespace-lifecycle.ts';
import { QuotaKeeper } from './quota-keeper.ts';

export interface ClusterStoreOptions {
  persistDir?: string | undefined;
  historyLimit?: number | undefined;
}

export interface ClusterStore {
  store: MemoryStore;
  /** False once changes can no longer be saved. */
  healthy(): boolean;
  /** Resolves when every change so far is on the disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const sweepIntervalMs = 60_000;

/** Opens the store; rejects when the saved state cannot be read. */
export async function openClusterStore(kinds: KindRegistry, options: ClusterStoreOptions): Promise<ClusterStore> {
  const { persistDir, historyLimit } = options;
  const store = new MemoryStore(kinds, historyLimit === undefined ? {} : { historyLimit });
  const journal = persistDir === undefined ? undefined : await Journal.open(persistDir, store);
  const controllers = startControllers(store);
  const sweeper = setInterval(() => store.sweep(), sweepIntervalMs);
  sweeper.unref();
  return {
    store,
    healthy: () => journal?.failure === undefined,
    flush: async () => journal?.flush(),
    close: async () => {
      clearInterval(sweeper);
      for (const controller of controllers) controller.close();
      await journal?.close();
    },
  };
}

function startControllers(store: MemoryStore): { close(): void }[] {
  const collector = new GarbageCollector(store);
  const namespaces = new NamespaceLifecycle(store);
  const quotas = new QuotaKeeper(store);
  for (const kind of store.kinds.all().filter(({ storedAs }) => storedAs === undefined)) {
    for (const object of store.list(resourceKey(kind))) {
      collector.learn(kind, object);
      quotas.learn(kind, object);
    }
  }
  store.limitBy((kind, object, previous) => quotas.check(kind, object, previous));
  store.createNamespaces();
  namespaces.start();
  return [collector, namespaces, quotas];
}
