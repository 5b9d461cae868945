/**
 * A stream outlives the look at its caller's key: this looks again while it is open, so that a revoked or expired key
 * reads on for one period at most.
 */
import { type Fault, isFault } from '@compute/domain';
import type { Authenticator } from './authenticator.ts';

export interface KeyCheck {
  /** Why the caller may read no more; undefined while it may. */
  readonly refusal: Fault | undefined;
  stop(): void;
}

/** Calls `onRefused` once, when the key of the header is no longer valid. A database that is away refuses nobody. */
export function keepCheckingKey(
  authenticator: Authenticator,
  header: string | undefined,
  everyMs: number,
  onRefused: () => void,
): KeyCheck {
  let refusal: Fault | undefined;
  const stop = (): void => clearInterval(timer);
  const check = async (): Promise<void> => {
    try {
      await authenticator.authenticate(header);
    } catch (error) {
      if (refusal !== undefined || !isFault(error, 'Unauthenticated')) return;
      refusal = error;
      stop();
      onRefused();
    }
  };
  const timer = setInterval(() => void check(), everyMs);
  return {
    get refusal() {
      return refusal;
    },
    stop,
  };
}
