// One watch request: frames become events until the server closes, the signal aborts, or nothing comes for too long.
// An exception of the handler ends the watch and reaches the caller; it is never swallowed.
import { lines } from './frames.ts';
import { errorFromStatus, errorFromTransport, KubeError } from './kube-error.ts';
import type { KubeObject } from './kube-object.ts';
import { collectionPath, queryString, type ResourceKind } from './resource-kind.ts';
import type { Transport } from './transport.ts';

/** A change, or (BOOKMARK) only a newer resource version: the object of a bookmark has nothing else. */
export interface WatchEvent<T extends KubeObject = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

export interface WatchOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Events after this version; absent: the present objects come first, as ADDED. */
  resourceVersion?: string;
  allowBookmarks?: boolean;
  /** The server is asked to end the watch after this time. */
  serverTimeoutMs?: number;
  /** Without a single byte for this time the watch fails with reason `Stalled`. Default: never. */
  stallTimeoutMs?: number;
}

interface Frame {
  type: string;
  object: KubeObject;
}

/**
 * Follows a collection. Resolves when the server ends the watch in order. Throws the signal's reason when aborted, KubeError
 * when refused, broken, stalled, or told by an ERROR frame (410: list again), and whatever the handler throws.
 */
export async function runWatch<T extends KubeObject>(
  transport: Transport,
  kind: ResourceKind<T>,
  options: WatchOptions,
  handler: (event: WatchEvent<T>) => void,
  signal: AbortSignal,
): Promise<void> {
  const path = watchPath(kind, options);
  const guard = new StallGuard(options.stallTimeoutMs, signal);
  try {
    const body = await transport.stream(path, guard.signal);
    for await (const line of lines(body, guard.onBytes)) handleFrame(line, handler);
  } catch (error) {
    signal.throwIfAborted();
    if (guard.stalled) throw guard.error();
    throw error instanceof Error && isSocketError(error) ? errorFromTransport(`watch ${kind.plural}`, error) : error;
  } finally {
    guard.clear();
  }
}

function watchPath(kind: ResourceKind, options: WatchOptions): string {
  const query = queryString({
    watch: true,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    resourceVersion: options.resourceVersion,
    allowWatchBookmarks: options.allowBookmarks,
    timeoutSeconds: options.serverTimeoutMs === undefined ? undefined : Math.ceil(options.serverTimeoutMs / 1000),
  });
  return collectionPath(kind, options.namespace) + query;
}

function handleFrame<T extends KubeObject>(line: string, handler: (event: WatchEvent<T>) => void): void {
  const frame = parseFrame(line);
  if (frame.type === 'ERROR') throw errorFromStatus(frame.object);
  handler({ type: frame.type as WatchEvent['type'], object: frame.object as T });
}

function parseFrame(line: string): Frame {
  try {
    return JSON.parse(line) as Frame;
  } catch (error) {
    throw new KubeError(
      { status: 0, reason: 'Unreachable', message: 'the watch sent a frame that is not JSON' },
      error,
    );
  }
}

function isSocketError(error: Error): boolean {
  return !(error instanceof KubeError) && 'code' in error && typeof error.code === 'string';
}

/** Aborts when no byte came for `timeoutMs`, or when the caller's signal does. */
class StallGuard {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #timeoutMs: number | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  stalled = false;

  constructor(timeoutMs: number | undefined, outer: AbortSignal) {
    outer.throwIfAborted();
    this.#outer = outer;
    this.#timeoutMs = timeoutMs;
    outer.addEventListener('abort', this.#forward, { once: true });
    if (timeoutMs !== undefined) this.#timer = setTimeout(this.#stall, timeoutMs);
  }

  readonly #forward = (): void => this.#controller.abort(this.#outer.reason);

  readonly #stall = (): void => {
    this.stalled = true;
    this.#controller.abort(this.error());
  };

  readonly onBytes = (): void => {
    this.#timer?.refresh();
  };

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  error(): KubeError {
    return new KubeError({ status: 0, reason: 'Stalled', message: `the watch was silent for ${this.#timeoutMs} ms` });
  }

  // Also aborts: a watch that ends because its handler threw must not leave its connection behind.
  clear(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#forward);
    this.#controller.abort();
  }
}
