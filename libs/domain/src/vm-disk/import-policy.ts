/** How patient an import is: configuration of the operator, given to the planner. */
export interface ImportPolicy {
  /** How long the download may make no progress. */
  readonly stalledMs: number;
  /** How long the cluster may take to begin. */
  readonly unstartedMs: number;
  /** How long all of it may take, attempts and pauses included. */
  readonly totalMs: number;
  /** Attempts at a source of which nothing answers. */
  readonly unreachableAttempts: number;
  /** Attempts at a source that answers and then fails. */
  readonly transientAttempts: number;
}

const MINUTE_MS = 60_000;

export const DEFAULT_IMPORT_POLICY: ImportPolicy = {
  stalledMs: 10 * MINUTE_MS,
  unstartedMs: 10 * MINUTE_MS,
  totalMs: 24 * 60 * MINUTE_MS,
  unreachableAttempts: 3,
  transientAttempts: 5,
};
