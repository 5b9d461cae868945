/** What happened in a project. History outlives what it tells of. */
import type { TokenSigner } from '@compute/contract';
import type { Kind } from '@compute/domain';
import type { HistoryPage, Store } from '@compute/store';
import { mayRead } from './access-rules.ts';
import type { ProjectService } from './project-service.ts';
import type { RequestContext } from './request-context.ts';

export interface HistoryRequest {
  readonly project: string;
  readonly kind?: Kind | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
  readonly type?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** `at` is oldest first. */
  readonly orderBy?: 'at' | 'at desc';
  readonly pageSize: number;
  readonly pageToken: string;
}

export class HistoryService {
  readonly #store: Store;
  readonly #projects: ProjectService;
  readonly #signer: TokenSigner;

  constructor(store: Store, projects: ProjectService, signer: TokenSigner) {
    this.#store = store;
    this.#projects = projects;
    this.#signer = signer;
  }

  /** Newest first unless asked otherwise. */
  async list(context: RequestContext, request: HistoryRequest): Promise<HistoryPage> {
    mayRead(context, request.project);
    await this.#projects.mustExist(context, request.project);
    const { pageSize, pageToken, project, kind, name, uid, type, from, to, orderBy } = request;
    const oldestFirst = orderBy === 'at';
    const scope = `history/${JSON.stringify([project, kind, name, uid, type, from, to, oldestFirst])}`;
    const [after] = pageToken === '' ? [] : this.#signer.read(scope, pageToken, '/pageToken');
    const page = await this.#store.history({
      project,
      oldestFirst,
      limit: pageSize,
      ...(kind === undefined ? {} : { kind }),
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
      ...(type === undefined ? {} : { type }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(after === undefined ? {} : { after }),
    });
    return page.next === undefined ? page : { ...page, next: this.#signer.sign(scope, [page.next]) };
  }
}
