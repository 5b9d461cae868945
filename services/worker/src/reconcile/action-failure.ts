/**
 * What a failed action means: try again later, or the cluster refuses what the user asked for.
 *
 * Only an answer about the content of a request counts as a refusal. Whatever may pass by itself (no answer, too many
 * requests, conflicts, missing permissions of the worker, a namespace that is going away) is tried again.
 */
import { isFault } from '@compute/domain';
import { KubeError } from '@compute/kube-client';

export type ActionFailure =
  | { readonly kind: 'retry'; readonly code: string; readonly retryAfterMs?: number }
  | { readonly kind: 'refused'; readonly message: string };

const CONTENT_ERRORS: readonly number[] = [400, 413, 422];
const LONGEST_MESSAGE = 500;

/** Classifies what `perform` threw. `code` has few values; it labels a metric. */
export function classifyActionFailure(error: unknown): ActionFailure {
  if (isFault(error)) {
    return error.code === 'InvalidArgument'
      ? { kind: 'refused', message: error.message }
      : { kind: 'retry', code: error.code };
  }
  if (!(error instanceof KubeError)) return { kind: 'retry', code: 'Internal' };
  if (isRefusal(error)) return { kind: 'refused', message: inPlainWords(error.message) };
  const code = error.status === 0 ? 'ClusterUnreachable' : `Cluster${error.status}`;
  return error.retryAfterMs === undefined
    ? { kind: 'retry', code }
    : { kind: 'retry', code, retryAfterMs: error.retryAfterMs };
}

/** Admission speaks with 403 too, but so do missing permissions ("cannot patch resource") and dying namespaces. */
function isRefusal({ status, message }: KubeError): boolean {
  if (CONTENT_ERRORS.includes(status)) return true;
  return status === 403 && /denied the request|exceeded quota|violates PodSecurity/.test(message);
}

function inPlainWords(message: string): string {
  const words = message.replace(/^admission webhook "[^"]*" denied the request: /, '').trim();
  return words.length > LONGEST_MESSAGE ? `${words.slice(0, LONGEST_MESSAGE - 1)}…` : words;
}
