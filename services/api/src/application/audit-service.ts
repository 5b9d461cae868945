/** Who changed what in a project. For its administrators; what belongs to no project, for those of the platform. */
import type { AuditEntry } from '@compute/domain';
import type { Page } from '@compute/store';
import { mayAdminister, requirePlatformAdmin } from './access-rules.ts';
import type { RequestContext } from './request-context.ts';
import { type PageRequest, type ServiceParts, signedPage } from './service-parts.ts';

export interface AuditRequest extends PageRequest {
  /** Absent: what belongs to no project. */
  readonly project?: string | undefined;
  readonly actor?: string | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
  readonly verb?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export class AuditService {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /** Newest first. */
  async list(context: RequestContext, request: AuditRequest): Promise<Page<AuditEntry>> {
    await this.#admit(context, request.project);
    const { project = '', actor, kind, name, uid, verb, from, to } = request;
    const subject = `audit/${JSON.stringify([project, actor, kind, name, uid, verb, from, to])}`;
    return signedPage(this.#parts.signer, subject, request, (bounds) =>
      this.#parts.store.audit({ project, actor, kind, name, uid, verb, from, to, ...bounds }),
    );
  }

  async #admit(context: RequestContext, project: string | undefined): Promise<void> {
    if (project === undefined) return requirePlatformAdmin(context);
    mayAdminister(context, project);
    await this.#parts.projects.mustExist(context, project);
  }
}
