/**
 * Watches from the change feed: present objects first when no position is given, then every change from a position on,
 * with no gap. A position that is no longer kept ends the watch with 410, as clients expect; a key that is no longer valid
 * ends it with 401.
 */
import { Fault, type Kind } from '@compute/domain';
import { everything, type ObjectVersion, type WatchHandle, type WatchQuery, type WatchSink } from '@compute/kube-wire';
import type { ApiParts } from '../application/api-parts.ts';
import type { Watch, WatchItem } from '../application/watch-service.ts';
import type { OpenStreams } from '../open-streams.ts';
import type { KubeCaller } from './kube-caller.ts';
import { versionOf } from './kube-object.ts';
import type { ResourceList } from './resource-list.ts';
import { WatchSelection } from './watch-selection.ts';

export interface ResourceWatchParts {
  readonly kind: Kind;
  readonly caller: KubeCaller;
  readonly watches: ApiParts['watch'];
  readonly list: ResourceList;
  readonly streams: OpenStreams;
  readonly toStatus: (error: unknown) => Error;
}

/** Resolves when the present objects have been sent, or at once where a position is given. Throws Faults. */
export async function watchResources(
  parts: ResourceWatchParts,
  query: WatchQuery,
  sink: WatchSink,
): Promise<WatchHandle> {
  const { kind, watches, streams, toStatus } = parts;
  const { context, keepChecking } = parts.caller;
  const stream = streams.open('kube');
  const key = keepChecking(() => stream.abort());
  const done = (): void => {
    key.stop();
    stream.done();
  };
  const end = (error?: unknown): void => {
    const failure = key.refusal ?? (stream.signal.aborted ? undefined : error);
    sink.end(failure === undefined ? undefined : toStatus(failure));
  };
  try {
    stream.claim(context.caller.actor.id);
    const after = query.resourceVersion === '0' ? '' : query.resourceVersion;
    const project = query.namespace || context.caller.project;
    const request = { kinds: [kind], labelSelector: '', after, ...(project === undefined ? {} : { project }) };
    const watch = await watches.watch(context, request, stream.signal);
    const view = new WatchSelection(query.selection);
    if (after !== '' && view.canChange) await learnPresent(parts, query.namespace, BigInt(after), view);
    const pump = new Pump(watch, view, sink);
    if (after === '') await pump.untilListed();
    void pump
      .untilEnded()
      .then(() => end(), end)
      .finally(done);
    return { resourceVersion: () => watch.cursor() ?? pump.position, close: () => stream.abort() };
  } catch (error) {
    done();
    if (key.refusal) throw key.refusal;
    if (stream.endedByServer) throw new Fault('Unavailable', 'The server is stopping. Connect again.');
    throw error;
  }
}

/** What has not changed since the position stands now as it stood there. */
async function learnPresent(
  { list }: ResourceWatchParts,
  namespace: string,
  position: bigint,
  view: WatchSelection,
): Promise<void> {
  const whole = { limit: 0, continueToken: '', resourceVersion: '', resourceVersionMatch: '' };
  const { items } = await list.page({ namespace, selection: everything, ...whole });
  for (const version of items) if (BigInt(version.resourceVersion) <= position) view.learn(version.object);
}

class Pump {
  readonly #items: AsyncIterator<WatchItem>;
  readonly #view: WatchSelection;
  readonly #sink: WatchSink;
  /** Where the listing stands; later the watch's own cursor counts. */
  position = '';

  constructor(watch: Watch, view: WatchSelection, sink: WatchSink) {
    this.#items = watch.items[Symbol.asyncIterator]();
    this.#view = view;
    this.#sink = sink;
  }

  async untilListed(): Promise<void> {
    while (this.position === '') {
      const { value, done } = await this.#items.next();
      if (done) return;
      this.#show(value);
    }
  }

  async untilEnded(): Promise<void> {
    for (;;) {
      const { value, done } = await this.#items.next();
      if (done) return;
      this.#show(value);
    }
  }

  #show(item: WatchItem): void {
    if (item.what === 'bookmark') {
      this.position = item.cursor;
      return;
    }
    const version: ObjectVersion = versionOf(item.resource);
    const type = this.#view.typeOf(item.op, version.object);
    if (type) this.#sink.event({ type, version, previous: undefined, selected: true });
  }
}
