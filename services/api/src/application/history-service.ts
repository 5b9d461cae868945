/** What happened in a project. History outlives what it tells of. */
import type { Kind } from '@compute/domain';
import type { HistoryPage } from '@compute/store';
import { mayRead } from './access-rules.ts';
import type { RequestContext } from './request-context.ts';
import { type PageRequest, type ServiceParts, signedPage } from './service-parts.ts';

export interface HistoryRequest extends PageRequest {
  readonly project: string;
  readonly kind?: Kind | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
  readonly type?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** `at` is oldest first. */
  readonly orderBy?: 'at' | 'at desc';
}

export class HistoryService {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /** Newest first unless asked otherwise. */
  async list(context: RequestContext, request: HistoryRequest): Promise<HistoryPage> {
    mayRead(context, request.project);
    await this.#parts.projects.mustExist(context, request.project);
    const { project, kind, name, uid, type, from, to, orderBy } = request;
    const oldestFirst = orderBy === 'at';
    const subject = `history/${JSON.stringify([project, kind, name, uid, type, from, to, oldestFirst])}`;
    return signedPage(this.#parts.signer, subject, request, (bounds) =>
      this.#parts.store.history({ project, kind, name, uid, type, from, to, oldestFirst, ...bounds }),
    );
  }
}
