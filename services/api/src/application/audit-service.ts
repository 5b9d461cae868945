/** Who changed what in a project. For its administrators; what belongs to no project, for those of the platform. */
import type { TokenSigner } from '@compute/contract';
import type { AuditEntry, Page, Store } from '@compute/store';
import { mayAdminister, requirePlatformAdmin } from './access-rules.ts';
import type { ProjectService } from './project-service.ts';
import type { RequestContext } from './request-context.ts';

export interface AuditRequest {
  /** Absent: what belongs to no project. */
  readonly project?: string | undefined;
  readonly actor?: string | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
  readonly verb?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly pageSize: number;
  readonly pageToken: string;
}

export class AuditService {
  readonly #store: Store;
  readonly #projects: ProjectService;
  readonly #signer: TokenSigner;

  constructor(store: Store, projects: ProjectService, signer: TokenSigner) {
    this.#store = store;
    this.#projects = projects;
    this.#signer = signer;
  }

  /** Newest first. */
  async list(context: RequestContext, request: AuditRequest): Promise<Page<AuditEntry>> {
    await this.#admit(context, request.project);
    const { project = '', actor, kind, name, uid, verb, from, to, pageSize, pageToken } = request;
    const scope = `audit/${JSON.stringify([project, actor, kind, name, uid, verb, from, to])}`;
    const [after] = pageToken === '' ? [] : this.#signer.read(scope, pageToken, '/pageToken');
    const page = await this.#store.audit({
      ...{ project, limit: pageSize },
      ...(actor === undefined ? {} : { actor }),
      ...(kind === undefined ? {} : { kind }),
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
      ...(verb === undefined ? {} : { verb }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(after === undefined ? {} : { after }),
    });
    return page.next === undefined ? page : { ...page, next: this.#signer.sign(scope, [page.next]) };
  }

  async #admit(context: RequestContext, project: string | undefined): Promise<void> {
    if (project === undefined) return requirePlatformAdmin(context);
    mayAdminister(context, project);
    await this.#projects.mustExist(context, project);
  }
}
