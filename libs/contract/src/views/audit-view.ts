/** One entry of the audit log. */
import type { AuditEntry } from '@compute/domain';

export interface AuditEntryView {
  readonly at: string;
  /** `user:key:<id>`, `user:oidc:<subject>` or `system:<part>`. */
  readonly actor: string;
  readonly verb: string;
  readonly kind: string;
  readonly name: string;
  /** Absent for what has none: quotas, API keys. */
  readonly uid?: string;
  /** Absent for what belongs to no project. */
  readonly project?: string;
  readonly requestId: string;
  readonly traceId?: string;
  /** `rest`, `grpc` or `kube`; absent for what came in by none of them. */
  readonly face?: string;
  readonly address?: string;
}

export function auditEntryView(entry: AuditEntry): AuditEntryView {
  const { at, actor, verb, kind, name, uid, project, requestId, traceId, face, address } = entry;
  return {
    ...{ at: at.toISOString(), actor, verb, kind, name },
    ...(uid === undefined ? {} : { uid }),
    ...(project === '' ? {} : { project }),
    requestId,
    ...(traceId === undefined ? {} : { traceId }),
    ...(face === undefined ? {} : { face }),
    ...(address === undefined ? {} : { address }),
  };
}
