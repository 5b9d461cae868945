/**
 * The back-off after machines that ended without ever having run.
 *
 * n-th failure in a row: 10 n^2 seconds plus up to half of that, at most 300. Seconds are the simulated cluster's, so the wall
 * clock's timestamps in status shrink with the time scale. A VMI that once was Running clears the count: crashes after boot
 * restart at once.
 */
import type { StartFailure, VirtualMachine, VirtualMachineInstance } from './objects.ts';
import { isFinal, runStrategyOf, wasEverRunning } from './objects.ts';

const MAX_DELAY_SECONDS = 300;
const BASE_DELAY_SECONDS = 10;

/** How time and chance enter: wall clock now, how many simulated seconds pass in one real second, a number in [0, 1). */
export interface BackoffInput {
  nowMs: number;
  timeScale: number;
  random: () => number;
}

/** Simulated seconds to wait after the n-th failure in a row (n from 1). */
export function startBackoffSeconds(failCount: number, random: () => number): number {
  const base = BASE_DELAY_SECONDS * Math.max(1, failCount) ** 2;
  const jitter = Math.floor(random() * (Math.floor(base / 2) + 1));
  return Math.min(MAX_DELAY_SECONDS, base + jitter);
}

/** Real milliseconds left before the next start may be tried; 0 when there is no back-off. */
export function backoffLeftMs(failure: StartFailure | undefined, nowMs: number): number {
  if (failure === undefined) return 0;
  return Math.max(0, Date.parse(failure.retryAfterTimestamp) - nowMs);
}

/** The start failure to write into the VM's status, or undefined when there is none (any more). */
export function nextStartFailure(
  vm: VirtualMachine,
  vmi: VirtualMachineInstance | undefined,
  input: BackoffInput,
): StartFailure | undefined {
  const previous = vm.status?.startFailure;
  if (vmi !== undefined && wasEverRunning(vmi)) return undefined;
  if (!['Always', 'RerunOnFailure', 'Once'].includes(runStrategyOf(vm.spec))) return undefined;
  if (vmi === undefined || !isFinal(vmi) || previous?.lastFailedVMIUID === vmi.metadata.uid) return previous;
  const count = (previous?.consecutiveFailCount ?? 0) + 1;
  const delayMs = (startBackoffSeconds(count, input.random) * 1000) / input.timeScale;
  return {
    consecutiveFailCount: count,
    lastFailedVMIUID: vmi.metadata.uid ?? '',
    retryAfterTimestamp: new Date(input.nowMs + delayMs).toISOString(),
  };
}
