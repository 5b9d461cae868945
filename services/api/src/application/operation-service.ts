/** Operations: whether what was asked for is done. An operation of another project is not found. */
import type { TokenSigner } from '@compute/contract';
import { Fault } from '@compute/domain';
import type { Operation, Page, Store } from '@compute/store';
import { mayRead, requireScope, sees } from './access-rules.ts';
import type { RequestContext } from './request-context.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export interface OperationsRequest {
  readonly project: string;
  readonly uid?: string | undefined;
  readonly pageSize: number;
  readonly pageToken: string;
}

export class OperationService {
  readonly #store: Store;
  readonly #signer: TokenSigner;

  constructor(store: Store, signer: TokenSigner) {
    this.#store = store;
    this.#signer = signer;
  }

  /** Waits at most `waitMs` for it to be done; one that is not done by then is returned as it is. */
  async get(context: RequestContext, id: string, waitMs: number, signal?: AbortSignal): Promise<Operation> {
    requireScope(context, 'read');
    const found = UUID.test(id) ? await this.#store.operation(id) : undefined;
    if (!found || !sees(context.caller, found.project)) throw notFound(id);
    if (found.doneAt || waitMs <= 0) return found;
    return (await this.#store.waitOperation(id, waitMs, signal)) ?? found;
  }

  async list(context: RequestContext, request: OperationsRequest): Promise<Page<Operation>> {
    const { project, uid, pageSize, pageToken } = request;
    mayRead(context, project);
    const scope = `operations/${project}/${uid ?? ''}`;
    const [after] = pageToken === '' ? [] : this.#signer.read(scope, pageToken, '/pageToken');
    const page = await this.#store.operations({
      project,
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
      ...(uid === undefined ? {} : { uid }),
    });
    return page.next === undefined ? page : { ...page, next: this.#signer.sign(scope, [page.next]) };
  }
}

const notFound = (id: string): Fault =>
  new Fault('NotFound', 'There is no such operation.', { resource: { kind: 'Operation', name: id.slice(0, 63) } });
