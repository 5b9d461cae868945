/** What one cause of failure says to whom: the row of the catalogue from which statuses, pages and documents are made. */
import type { FailureReport } from '../resource.ts';

export interface FailureEntry {
  /** The sentence that stands in `status.failure.message`, unless numbers are known that say it better. */
  readonly message: string;
  /** What lies behind it, for the page of the code. */
  readonly cause: string;
  readonly remedy: string;
  /** Whether trying again without changing the spec can help once the cause is gone. */
  readonly retryable: boolean;
  /** Who can remove the cause. */
  readonly concerns: 'user' | 'operator';
}

/** What is known beyond the entry. */
export interface FailureWords {
  /** Says it with numbers and names; for everybody. */
  readonly message?: string;
  /** The cluster's own words; for the operator alone. */
  readonly detail?: string;
}

export function failureReport(
  code: string,
  entry: FailureEntry,
  { message, detail }: FailureWords = {},
): FailureReport {
  return {
    code,
    message: message ?? entry.message,
    remedy: entry.remedy,
    retryable: entry.retryable,
    ...(detail ? { detail } : {}),
  };
}
