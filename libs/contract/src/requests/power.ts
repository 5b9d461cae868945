/** What may be said of how a machine is stopped or restarted: the body of those requests, the same on each face. */
import { GUEST_GRACE_SECONDS } from '@compute/domain';
import { z } from 'zod';

const FORCE = 'Ends the guest at once, as a power cut does. Writes that are on their way are lost.';
const GRACE = `Seconds that the guest may take to shut down before it is ended; ${GUEST_GRACE_SECONDS} by default, and never more.`;

export const powerOptionsSchema = z
  .strictObject({
    force: z.boolean().optional().meta({ description: FORCE }),
    gracePeriodSeconds: z.number().int().min(0).max(GUEST_GRACE_SECONDS).optional().meta({ description: GRACE }),
  })
  .refine(({ force = false, gracePeriodSeconds = 0 }) => !force || gracePeriodSeconds === 0, {
    path: ['gracePeriodSeconds'],
    message: 'A forced end gives no time: send one of the two.',
  });

/** The body of requests that say nothing beside what they ask for. */
export const noOptionsSchema = z.strictObject({});

/** What the options come to; absent: the usual time. */
export function graceOf({ force = false, gracePeriodSeconds }: z.infer<typeof powerOptionsSchema>): {
  readonly graceSeconds?: number;
} {
  if (force) return { graceSeconds: 0 };
  return gracePeriodSeconds === undefined ? {} : { graceSeconds: gracePeriodSeconds };
}
