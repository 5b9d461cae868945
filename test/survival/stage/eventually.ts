/** Waits for a condition of a system that is being broken on purpose: asks again and again, for a bounded time. */
import { setTimeout as pause } from 'node:timers/promises';

const ASK_EVERY_MS = 100;

export class NotInTime extends Error {}

/**
 * Resolves with what `probe` gives as soon as it gives anything but undefined. What it throws counts as not yet, and is
 * told when the time is over.
 */
export async function eventually<T>(
  what: string,
  withinMs: number,
  probe: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let trouble: unknown;
  for (;;) {
    const found = await Promise.resolve()
      .then(probe)
      .catch((error: unknown) => {
        trouble = error;
        return undefined;
      });
    if (found !== undefined) return found;
    if (performance.now() > deadline)
      throw new NotInTime(`${what} did not come true within ${withinMs} ms: ${trouble}`, { cause: trouble });
    await pause(ASK_EVERY_MS);
  }
}
