/** The audit line of what is written through Prisma or by itself: projects, API keys, quotas. */
import type { Attributed } from '../commands.ts';

/** What was changed; `project` is empty for what belongs to no project. */
export interface AuditSubject {
  readonly verb: string;
  readonly kind: string;
  readonly name: string;
  readonly project: string;
  readonly uid?: string;
}

/** What is done without a request: by the commands that set an installation up. */
export const OPERATOR: Attributed = { actor: { type: 'system', id: 'operator' }, requestId: '' };

/** A row of `audit` in the words of the schema. */
export function auditEntry({ uid, ...subject }: AuditSubject, by: Attributed) {
  return {
    ...subject,
    at: new Date(),
    uid: uid ?? null,
    actor: `${by.actor.type}:${by.actor.id}`,
    requestId: by.requestId,
    traceId: by.traceparent?.split('-')[1] ?? null,
    face: by.origin?.face ?? null,
    address: by.origin?.address ?? null,
  };
}
