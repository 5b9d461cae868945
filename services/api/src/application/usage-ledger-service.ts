/**
 * The ledger behind the usage feed. Who may read a project's usage may also prove it; taking an event back is for those
 * who run the platform.
 */
import {
  type SignedUsageManifest,
  type UsageConsumerView,
  usageConsumerView,
  usageManifest,
  type VerificationKeys,
  verificationKey,
} from '@compute/contract';
import { Fault, type UsageAuditReport, type UsageCheckpoint, type UsageConsumer } from '@compute/domain';
import type { Page, UsageExport } from '@compute/store';
import { mayAdminister, mayRead, requirePlatformAdmin, requireProject, requireScope } from './access-rules.ts';
import { refuseConsumerName } from './consumer-name.ts';
import type { RequestContext } from './request-context.ts';
import type { PageRequest, ServiceParts } from './service-parts.ts';
import { CURSOR_SCOPE } from './usage-service.ts';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** What is absent reaches from the first period to the last that is closed. */
export interface UsageSpanRequest {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

interface UsageLedgerParts extends ServiceParts {
  /** Named readers of one project; 0: any number. */
  readonly mostConsumers: number;
}

export class UsageLedgerService {
  readonly #parts: UsageLedgerParts;

  constructor(parts: UsageLedgerParts) {
    this.#parts = parts;
  }

  async consumers(context: RequestContext, project: string | undefined): Promise<UsageConsumerView[]> {
    const found = await this.#parts.store.usage.consumers(ownerOf(context, project));
    return found.map((one) => this.#view(one));
  }

  /** Throws `NotFound`. */
  async consumer(context: RequestContext, project: string | undefined, name: string): Promise<UsageConsumerView> {
    return this.#view(await this.#parts.store.usage.consumer(ownerOf(context, project), name));
  }

  /** Throws `InvalidArgument` for a name or a cursor that is none. */
  async acknowledge(
    context: RequestContext,
    project: string | undefined,
    name: string,
    { cursor, rewind }: { readonly cursor: string; readonly rewind: boolean },
  ): Promise<UsageConsumerView> {
    const owner = ownerOf(context, project);
    refuseConsumerName(name, '/name');
    if (owner !== '') await this.#parts.projects.mustExist(context, owner);
    const [position = '0'] = this.#parts.signer.read(CURSOR_SCOPE, cursor, '/cursor');
    if (owner !== '') await this.#refuseTooMany(owner, name);
    return this.#view(await this.#parts.store.usage.acknowledge({ owner, name, position, rewind }));
  }

  /** A reader that is there already may always go on. */
  async #refuseTooMany(owner: string, name: string): Promise<void> {
    const { store, mostConsumers } = this.#parts;
    if (mostConsumers === 0 || (await store.usage.consumers(owner, name)).length > 0) return;
    if ((await store.usage.consumers(owner)).length >= mostConsumers)
      throw new Fault('QuotaExceeded', `A project has at most ${mostConsumers} readers of usage. Delete one first.`);
  }

  /** As it stood. Throws `NotFound`. */
  async removeConsumer(context: RequestContext, project: string | undefined, name: string): Promise<UsageConsumerView> {
    const owner = ownerOf(context, project);
    const found = await this.#parts.store.usage.consumer(owner, name);
    await this.#parts.store.usage.removeConsumer(owner, name);
    return this.#view(found);
  }

  async keys(context: RequestContext): Promise<VerificationKeys> {
    requireScope(context, 'read');
    const keys = await this.#parts.store.usage.verificationKeys();
    return { keys: keys.map(({ id, publicKey }) => verificationKey(id, publicKey)) };
  }

  /** Throws `NotFound`, `InvalidArgument` for an event that is a correction itself. */
  async correct(context: RequestContext, eventId: string): Promise<{ readonly id: string; readonly corrects: string }> {
    requirePlatformAdmin(context);
    if (!UUID.test(eventId)) throw new Fault('NotFound', `There is no usage event '${eventId.slice(0, 63)}'.`);
    const { actor } = context.caller;
    const { requestId, origin, traceparent } = context;
    const traceId = traceparent?.split('-')[1];
    const by = {
      ...{ actor: `${actor.type}:${actor.id}`, requestId, origin },
      ...(traceId === undefined ? {} : { traceId }),
    };
    return { id: await this.#parts.store.usage.correct({ eventId, ...by }), corrects: eventId };
  }

  /** Throws `InvalidArgument` for a span that is not closed yet. */
  async export(context: RequestContext, project: string, span: UsageSpanRequest): Promise<UsageExport> {
    mayRead(context, project);
    await this.#parts.projects.mustExist(context, project);
    return this.#parts.store.usage.export({ project, from: span.from, to: span.to });
  }

  /** Throws as `export`. */
  async manifest(context: RequestContext, project: string, span: UsageSpanRequest): Promise<SignedUsageManifest> {
    const manifest = usageManifest(await this.export(context, project, span));
    return { manifest, statement: await this.#parts.store.usage.sign(manifest) };
  }

  /** Newest first. */
  async checkpoints(
    context: RequestContext,
    project: string,
    { pageSize, pageToken }: PageRequest,
  ): Promise<Page<UsageCheckpoint>> {
    mayRead(context, project);
    await this.#parts.projects.mustExist(context, project);
    const scope = `usage-checkpoints/${project}`;
    const [before] = pageToken === '' ? [] : this.#parts.signer.read(scope, pageToken, '/pageToken');
    const items = await this.#parts.store.usage.checkpoints(
      project,
      pageSize,
      before === undefined ? undefined : new Date(Number(before)),
    );
    const last = items.length === pageSize ? items.at(-1) : undefined;
    return last ? { items, next: this.#parts.signer.sign(scope, [String(last.periodEnd.getTime())]) } : { items };
  }

  async audit(context: RequestContext, project: string): Promise<UsageAuditReport> {
    mayAdminister(context, project);
    await this.#parts.projects.mustExist(context, project);
    return this.#parts.store.usage.audit(project);
  }

  #view(found: UsageConsumer): UsageConsumerView {
    return usageConsumerView(found, this.#parts.signer.sign(CURSOR_SCOPE, [found.position]));
  }
}

/** Readers of all projects belong to nobody, and only who sees all projects has them. */
function ownerOf(context: RequestContext, project: string | undefined): string {
  requireScope(context, 'read');
  const owner = project ?? context.caller.project ?? '';
  if (owner !== '') requireProject(context, owner);
  return owner;
}
