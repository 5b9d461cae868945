export { inspectRedis, type RedisFacts } from './inspect-redis.ts';
export { type Poke, pokeKey } from './poke.ts';
export type { MemoryState } from './queue-memory.ts';
export type { QueueWorker, WorkHandler, WorkOptions } from './queue-worker.ts';
export { openQueue, type QueueDepth, type QueueOptions, ReconcileQueue } from './reconcile-queue.ts';
