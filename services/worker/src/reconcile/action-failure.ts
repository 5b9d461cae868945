/**
 * What a failed action means: try again later, or the cluster refuses what the user asked for.
 *
 * Only an answer about the content of the spec counts as a refusal. Missing permissions of the worker are answered with
 * 403 as well, but they are the operator's matter: a user can do nothing about them and should not read about them.
 */
import type { ActionOutcome } from '@compute/cluster';
import { isFault } from '@compute/domain';

export type ActionFailure =
  | { readonly kind: 'retry'; readonly code: string; readonly retryAfterMs?: number }
  /** The cluster has too much to do and wants to be left alone for so long. */
  | { readonly kind: 'busy'; readonly afterMs: number }
  | { readonly kind: 'refused'; readonly message: string };

const LONGEST_MESSAGE = 500;
const TOO_MANY_REQUESTS = 'TooManyRequests';
/** For a cluster that does not say how long. */
const BUSY_MS = 1_000;
const MISSING_PERMISSION = /\bcannot \w+ resource\b/;

/** Classifies an action that did not get done. `code` labels a metric and has few values. */
export function failureOfOutcome(outcome: Exclude<ActionOutcome, { result: 'done' }>): ActionFailure {
  const { reason, message } = outcome;
  if (outcome.result === 'refused' && !MISSING_PERMISSION.test(message))
    return { kind: 'refused', message: inPlainWords(message) };
  const retryAfterMs = outcome.result === 'retry' ? outcome.retryAfterMs : undefined;
  if (reason === TOO_MANY_REQUESTS) return { kind: 'busy', afterMs: retryAfterMs ?? BUSY_MS };
  return { kind: 'retry', code: reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Classifies what an action threw: a spec that cannot be rendered is refused, anything else is a fault of ours. */
export function failureOfError(error: unknown): ActionFailure {
  if (!isFault(error)) return { kind: 'retry', code: 'Internal' };
  return error.code === 'InvalidArgument'
    ? { kind: 'refused', message: error.message }
    : { kind: 'retry', code: error.code };
}

function inPlainWords(message: string): string {
  const words = message.replace(/^admission webhook "[^"]*" denied the request: /, '').trim();
  return words.length > LONGEST_MESSAGE ? `${words.slice(0, LONGEST_MESSAGE - 1)}…` : words;
}
