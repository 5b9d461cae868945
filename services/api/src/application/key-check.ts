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

export interface Checked {
  /** The Authorization header. */
  readonly header: string | undefined;
  /** When the key or token ends by itself, as far as that is known. */
  readonly expiresAt?: Date | undefined;
}

/** A moment after the end, so that the look finds it ended. */
function pauseBefore(expiresAt: Date | undefined, everyMs: number): number {
  if (expiresAt === undefined) return everyMs;
  return Math.min(everyMs, Math.max(expiresAt.getTime() - Date.now(), 0) + 5);
}

/** Calls `onRefused` once, when the key of the header is no longer valid. A database that is away refuses nobody. */
export function keepCheckingKey(
  authenticator: Authenticator,
  { header, expiresAt }: Checked,
  everyMs: number,
  onRefused: () => void,
): KeyCheck {
  let refusal: Fault | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    stopped = true;
    clearTimeout(timer);
  };
  const checkAfter = (ms: number): void => {
    if (!stopped) timer = setTimeout(() => void check(), ms);
  };
  const check = async (): Promise<void> => {
    try {
      const { expiresAt } = await authenticator.authenticate(header);
      checkAfter(pauseBefore(expiresAt, everyMs));
    } catch (error) {
      if (!isFault(error, 'Unauthenticated') && !isFault(error, 'PermissionDenied')) return checkAfter(everyMs);
      if (stopped) return;
      refusal = error;
      stop();
      onRefused();
    }
  };
  checkAfter(pauseBefore(expiresAt, everyMs));
  return {
    get refusal() {
      return refusal;
    },
    stop,
  };
}
