/** Which version of a resource a request may change. */
import { demand, parseIfMatch } from '@compute/contract';
import type { AnyResource } from '@compute/domain';
import type { WriteOptions } from './request-context.ts';

/**
 * The version that the store compares; undefined when the request demands none. Throws `PreconditionFailed`.
 *
 * A request that is repeated with its idempotency key demands a version that its own first run has passed. It goes to
 * the store all the same, which answers it as the first time, or compares and refuses.
 */
export function demandedVersion(before: AnyResource, options: WriteOptions): number | undefined {
  const wanted = parseIfMatch(options.ifMatch);
  if (!wanted) return undefined;
  const [only, ...others] = wanted;
  const isRepeatable = options.idempotencyKey !== undefined && only?.uid === before.uid && others.length === 0;
  if (isRepeatable) return only.specVersion;
  demand(before, wanted);
  return before.specVersion;
}
