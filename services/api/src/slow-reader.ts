/**
 * How a stream waits for its reader. Nothing is read from the feed meanwhile, so nothing piles up; a reader that takes
 * nothing for long is cut off, so that it holds no stream for ever.
 */
import type { EventEmitter } from 'node:events';
import { Fault } from '@compute/domain';

/** Heartbeats that a reader may let pass without taking anything. */
const PATIENCE = 4;

/** How long a stream waits for its reader, in milliseconds. */
export const patienceMs = (heartbeatMs: number): number => PATIENCE * heartbeatMs;

/** Resolves when what was written has been taken, or the stream ends. Throws `CursorTooOld` when the reader is too slow. */
export function drained(sink: EventEmitter, signal: AbortSignal, heartbeatMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      sink.off('drain', finish);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(() => {
      // Before the other end, which then says nothing any more.
      reject(new Fault('CursorTooOld', 'The stream was not read for too long. Go on from the last position.'));
      finish();
    }, patienceMs(heartbeatMs));
    sink.once('drain', finish);
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
  });
}
