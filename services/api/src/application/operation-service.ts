/**
 * Operations: whether what was asked for is done, how far it is, and the end of what may be given up. An operation of
 * another project is not found.
 */
import { type OperationDetails, type OperationProgress, operationTerms, type TokenSigner } from '@compute/contract';
import { type AnyResource, Fault, type Operation } from '@compute/domain';
import type { Page, Store } from '@compute/store';
import { mayRead, mayWrite, requireScope, sees } from './access-rules.ts';
import type { RequestContext } from './request-context.ts';
import { type PageRequest, signedPage } from './service-parts.ts';
import type { VmDiskService } from './vm-disk-service.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MAX_STEPS = 200;

export interface OperationsRequest extends PageRequest {
  /** Absent: the one of the caller's key. */
  readonly project?: string | undefined;
  readonly uid?: string | undefined;
  readonly filter?: string;
  readonly fields?: string;
}

export interface OperationServiceParts {
  readonly store: Store;
  readonly signer: TokenSigner;
  readonly disks: VmDiskService;
}

export class OperationService {
  readonly #parts: OperationServiceParts;

  constructor(parts: OperationServiceParts) {
    this.#parts = parts;
  }

  /** Waits at most `waitMs` for it to be done; one that is not done by then is returned as it is. */
  async get(context: RequestContext, id: string, waitMs: number, signal?: AbortSignal): Promise<Operation> {
    requireScope(context, 'read');
    const found = await this.#find(context, id);
    if (found.doneAt || waitMs <= 0) return found;
    return (await this.#parts.store.waitOperation(id, waitMs, signal)) ?? found;
  }

  /** What has happened since it began, and how far it is. For an operation that the caller was given before. */
  async details(operation: Operation): Promise<OperationDetails> {
    const { project, uid, createdAt, doneAt } = operation;
    const until = doneAt ? { to: new Date(doneAt.getTime() + 1) } : {};
    const [history, resource] = await Promise.all([
      this.#parts.store.history({ project, uid, from: createdAt, ...until, limit: MAX_STEPS }),
      doneAt ? undefined : this.#parts.store.getByUid(uid),
    ]);
    return { steps: history.items.toReversed(), ...(resource ? { progress: progressOf(resource) } : {}) };
  }

  /** Newest first. */
  async list(context: RequestContext, request: OperationsRequest): Promise<Page<Operation>> {
    const { uid, filter = '', fields = '' } = request;
    const project = request.project ?? context.caller.project ?? missingProject();
    mayRead(context, project);
    const { store, signer } = this.#parts;
    const terms = operationTerms(request);
    const subject = `operations/${JSON.stringify([project, uid, filter, fields])}`;
    return signedPage(signer, subject, request, (bounds) =>
      store.operations({ project, uid, filter: terms, ...bounds }),
    );
  }

  /**
   * Gives up what an operation has begun: an import. One that is done stays as it is. Throws `NotCancellable` for work
   * that cannot be given up, saying what to do instead.
   */
  async cancel(context: RequestContext, id: string, dryRun = false): Promise<Operation> {
    requireScope(context, 'write');
    const operation = await this.#find(context, id);
    mayWrite(context, operation.project);
    if (operation.doneAt) return operation;
    const { kind, verb, project, name, uid } = operation;
    if (kind !== 'VMDisk' || verb === 'delete') throw notCancellable(operation);
    if (verb !== 'cancel') await this.#parts.disks.cancel(context, project, name, { dryRun, uid });
    return operation;
  }

  async #find({ caller }: RequestContext, id: string): Promise<Operation> {
    const found = UUID.test(id) ? await this.#parts.store.operation(id) : undefined;
    if (!found || !sees(caller, found.project)) throw notFound(id);
    return found;
  }
}

function progressOf(resource: AnyResource): OperationProgress {
  const message = resource.status.conditions.find(({ type }) => type === 'Ready')?.message;
  const said = message ? { message } : {};
  const progress = resource.kind === 'VMDisk' ? resource.status.import : undefined;
  if (!progress) return { phase: resource.phase, ...said };
  const { percent, attempts } = progress;
  return { phase: resource.phase, ...said, ...(percent === undefined ? {} : { percent }), attempts };
}

function notCancellable({ kind, verb, name }: Operation): Fault {
  const instead =
    verb === 'delete'
      ? 'A deletion cannot be taken back.'
      : verb === 'create'
        ? 'Delete the machine to be rid of it.'
        : 'Edit the machine back, or stop it.';
  return new Fault('NotCancellable', `Only an import can be cancelled. ${instead}`, { resource: { kind, name } });
}

function missingProject(): never {
  const message = 'Name the project: this key sees them all.';
  throw new Fault('InvalidArgument', message, { fields: [{ pointer: '/project', code: 'required', message }] });
}

const notFound = (id: string): Fault =>
  new Fault('NotFound', 'There is no such operation.', { resource: { kind: 'Operation', name: id.slice(0, 63) } });
