/**
 * How an action on the cluster ended. What is already as wished counts as done; what may help to try again is told
 * apart from what the cluster refuses for a reason that the user should read.
 */
import { KubeError } from '@compute/kube-client';

export type ActionOutcome =
  | { readonly result: 'done' }
  /** Try again; `retryAfterMs` when the cluster named a time. */
  | { readonly result: 'retry'; readonly reason: string; readonly message: string; readonly retryAfterMs?: number }
  /** The cluster will say the same again until something changes. `message` is its own and holds no secret. */
  | { readonly result: 'refused'; readonly reason: string; readonly message: string };

export const DONE: ActionOutcome = { result: 'done' };

const REFUSALS: ReadonlySet<number> = new Set([400, 403, 405, 406, 413, 415, 422]);

/** Runs calls to the cluster and tells how they ended. Errors that are not the cluster's are thrown on. */
export async function outcomeOf(perform: () => Promise<ActionOutcome | undefined>): Promise<ActionOutcome> {
  try {
    return (await perform()) ?? DONE;
  } catch (error) {
    if (error instanceof KubeError) return outcomeOfError(error);
    throw error;
  }
}

export function outcomeOfError(error: KubeError): ActionOutcome {
  const { reason, message, retryAfterMs } = error;
  if (REFUSALS.has(error.status) && !isNamespaceTerminating(error)) return { result: 'refused', reason, message };
  return { result: 'retry', reason, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

// 403 as well, but it ends by itself: the namespace goes, and is made anew.
function isNamespaceTerminating({ details }: KubeError): boolean {
  return details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ?? false;
}
