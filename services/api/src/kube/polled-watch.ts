/**
 * Watches of what is no resource of ours and so not in the change feed: namespaces and events. The list is read again
 * every so often, and what is new since is told; no client waits for these by the second.
 */
import { matches, type ObjectVersion, type WatchHandle, type WatchQuery, type WatchSink } from '@compute/kube-wire';
import type { OpenStreams } from '../open-streams.ts';
import type { KubeCaller } from './kube-caller.ts';

const EVERY_MS = 2_000;

/** A list without pages. */
export const WHOLE = { limit: 0, continueToken: '', resourceVersion: '', resourceVersionMatch: '' } as const;

export interface Watcher {
  readonly caller: KubeCaller;
  readonly streams: OpenStreams;
}

export interface PolledWatch extends Watcher {
  /** What there is now. Throws `StatusError`. */
  read(): Promise<readonly ObjectVersion[]>;
  /** Whether what is not read any more has gone; events are only crowded out by younger ones. */
  readonly forgets: boolean;
}

/** With a position, only what comes after the listing that it is of; without one, first what there is. */
export async function watchByPolling(watch: PolledWatch, query: WatchQuery, sink: WatchSink): Promise<WatchHandle> {
  const stream = watch.streams.open('kube');
  const key = watch.caller.keepChecking(() => stream.abort());
  const known = new Map<string, ObjectVersion>();
  const look = async (isFirst: boolean): Promise<void> => {
    const now = (await watch.read()).filter(({ object }) => matches(query.selection, object));
    const isNews = !isFirst || query.resourceVersion === '' || query.resourceVersion === '0';
    for (const version of now) if (!known.has(idOf(version)) && isNews) tell(sink, 'ADDED', version);
    if (watch.forgets) forget(known, now, sink);
    for (const version of now) known.set(idOf(version), version);
  };
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const end = (error?: Error): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    key.stop();
    stream.done();
    sink.end(error);
  };
  const again = (): void => {
    if (isOver) return;
    timer = setTimeout(() => void look(false).then(again, end), EVERY_MS);
  };
  stream.signal.addEventListener('abort', () => end(), { once: true });
  try {
    stream.claim(watch.caller.context.caller.actor.id);
    await look(true);
  } catch (error) {
    isOver = true;
    key.stop();
    stream.done();
    throw error;
  }
  again();
  return { resourceVersion: () => '1', close: () => stream.abort() };
}

const idOf = ({ object }: ObjectVersion): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;

const tell = (sink: WatchSink, type: 'ADDED' | 'DELETED', version: ObjectVersion): void =>
  sink.event({ type, version, previous: undefined, selected: true });

function forget(known: Map<string, ObjectVersion>, now: readonly ObjectVersion[], sink: WatchSink): void {
  const present = new Set(now.map(idOf));
  for (const [id, version] of known) {
    if (present.has(id)) continue;
    tell(sink, 'DELETED', version);
    known.delete(id);
  }
}
