/** Commands as an unreliable world delivers them: twice at the same time, again after an answer that got lost. */
import { isFault } from '@compute/domain';
import type { Store } from '@compute/store';

const MOST_TRIES = 60;

/**
 * Gives the command to one store, or to all at once, until one of them has taken it: what breaks on the way is sent again
 * after `again` has looked whether it is needed still. Resolves to nothing when it is not.
 */
export async function deliver<T>(
  stores: readonly Store[],
  send: (store: Store) => Promise<T>,
  isDone: (store: Store) => Promise<boolean>,
): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const answers = await Promise.allSettled(stores.map(send));
    if (answers.some(({ status }) => status === 'fulfilled')) return;
    const unexpected = answers.find((answer) => answer.status === 'rejected' && !isPassing(answer.reason));
    if (unexpected?.status === 'rejected') throw unexpected.reason;
    const [store] = stores;
    if (store && (await isDone(store).catch(() => false))) return;
  }
  throw new Error(`A command was not taken after ${MOST_TRIES} tries.`);
}

/** The connection broke, or somebody else was there first: the command itself is right. */
function isPassing(error: unknown): boolean {
  return ['Unavailable', 'Stale', 'AlreadyExists', 'NotFound', 'Internal'].some((code) =>
    isFault(error, code as never),
  );
}
