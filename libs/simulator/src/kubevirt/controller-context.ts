/** What every controller of this folder is given. */
import type { KubeClient } from '@compute/kube-client';
import type { Clock } from '../clock.ts';

export interface ControllerContext {
  client: KubeClient;
  clock: Clock;
  /** A number in [0, 1); seeded, so that a run can be repeated. */
  random: () => number;
  /** Hears of errors that are survived: failed lists, failed passes over an object. */
  onError: (error: unknown) => void;
}

/** Keeps refusals that show in a condition out of the error log: they are somebody's configuration, not a fault of the controller. */
export function withoutRefusals(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Error && error.cause instanceof SyncError)) onError(error);
  };
}

/** A refusal that shows in a condition instead of being retried silently. */
export class SyncError extends Error {
  readonly reason: string;

  constructor(reason: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'SyncError';
    this.reason = reason;
  }
}
