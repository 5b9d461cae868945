// What runs in a container, as the kubelet sees it: it may tell progress, it ends with a code and a message, and it can be told to stop.
import type { Clock } from '../clock.ts';
import type { Container, Pod } from '../kinds.ts';

export interface WorkloadExit {
  exitCode: number;
  /** Termination message; importers that end in order say JSON, all else is plain text. */
  message?: string;
  reason?: string;
}

export interface WorkloadContext {
  pod: Pod;
  container: Container;
  /** The container's environment with secrets resolved. */
  environment: ReadonlyMap<string, string>;
  clock: Clock;
  /** Aborted when the container is to stop. */
  signal: AbortSignal;
  /** Percent from 0 to 100; may be called as often as one likes. */
  progress: (percent: number) => void;
}

export type Workload = (context: WorkloadContext) => Promise<WorkloadExit>;

/** How an importer that did its work says so. */
export const importComplete: WorkloadExit = {
  exitCode: 0,
  message: JSON.stringify({ scratchSpaceRequired: false, preallocationApplied: false, message: 'Import Complete' }),
};

/** An importer's failure in plain text, as CDI's importer writes it. */
export function importFailure(message: string): WorkloadExit {
  return { exitCode: 1, reason: 'Error', message: `Unable to process data: ${message}` };
}

/** Resolves when the signal aborts. */
export function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
