/** Webhooks of a project, for its administrators; of every project, for those of the platform. */
import {
  createWebhookSchema,
  faultOf,
  parseBody,
  redeliverWebhookSchema,
  replayWebhookSchema,
  rotateWebhookSchema,
  updateWebhookSchema,
  webhookUrlProblem,
} from '@compute/contract';
import { Fault, type WebhookDeliveryRecord, type WebhookRecord } from '@compute/domain';
import type { Page, WebhookPatch, WebhookWithSecret } from '@compute/store';
import { requirePlatformAdmin, requireProject, requireScope } from './access-rules.ts';
import type { RequestContext } from './request-context.ts';
import { type PageRequest, type ServiceParts, signedPage } from './service-parts.ts';
import { attribution } from './wishes.ts';

const HOUR_MS = 3_600_000;

export interface WebhookServiceParts extends ServiceParts {
  readonly allowPrivate: boolean;
  /** Webhooks of one project; 0: any number. */
  readonly mostOfProject: number;
}

export class WebhookService {
  readonly #parts: WebhookServiceParts;

  constructor(parts: WebhookServiceParts) {
    this.#parts = parts;
  }

  /** An administrator of one project subscribes to that project only. */
  async create(context: RequestContext, body: unknown, dryRun: boolean): Promise<WebhookWithSecret> {
    requireScope(context, 'admin');
    const { project = context.caller.project, ...wanted } = parseBody(createWebhookSchema, body);
    if (project === undefined) requirePlatformAdmin(context);
    else await this.#mayAdminister(context, project);
    this.#refuseUrl(wanted.url);
    if (project !== undefined) await this.#refuseTooMany(project);
    const webhook = { ...wanted, ...(project === undefined ? {} : { project }) };
    return this.#parts.store.webhooks.create(webhook, { by: attribution(context), dryRun });
  }

  /** Two at the same moment may be one too many: what is limited is work for the worker, not money. */
  async #refuseTooMany(project: string): Promise<void> {
    const { store, mostOfProject } = this.#parts;
    if (mostOfProject === 0) return;
    const { items } = await store.webhooks.list({ project, limit: mostOfProject });
    if (items.length >= mostOfProject)
      throw new Fault('QuotaExceeded', `A project has at most ${mostOfProject} webhooks. Delete one first.`);
  }

  /** Without a project: those of the caller's, or all of them for who sees every project. */
  async list(
    context: RequestContext,
    request: PageRequest & { readonly project?: string | undefined },
  ): Promise<Page<WebhookRecord>> {
    requireScope(context, 'admin');
    const project = request.project ?? context.caller.project;
    if (project !== undefined) await this.#mayAdminister(context, project);
    const of = project === undefined ? {} : { project };
    return signedPage(this.#parts.signer, `webhooks/${project ?? ''}`, request, (page) =>
      this.#parts.store.webhooks.list({ ...of, ...page }),
    );
  }

  /** A webhook of another project is not found. */
  async get(context: RequestContext, id: string): Promise<WebhookRecord> {
    requireScope(context, 'admin');
    const webhook = await this.#parts.store.webhooks.get(id);
    if (webhook && (context.caller.project === undefined || webhook.project === context.caller.project)) return webhook;
    throw new Fault('NotFound', 'There is no such webhook.', { resource: { kind: 'Webhook', name: id.slice(0, 63) } });
  }

  async update(context: RequestContext, id: string, body: unknown, dryRun: boolean): Promise<WebhookRecord> {
    await this.get(context, id);
    const { url, eventTypes, description, enabled } = parseBody(updateWebhookSchema, body);
    if (url !== undefined) this.#refuseUrl(url);
    const patch: WebhookPatch = {
      ...(url === undefined ? {} : { url }),
      ...(eventTypes === undefined ? {} : { eventTypes }),
      ...(description === undefined ? {} : { description }),
      ...(enabled === undefined ? {} : { enabled }),
    };
    return this.#parts.store.webhooks.update(id, patch, { by: attribution(context), dryRun });
  }

  async remove(context: RequestContext, id: string, dryRun: boolean): Promise<WebhookRecord> {
    await this.get(context, id);
    return this.#parts.store.webhooks.remove(id, { by: attribution(context), dryRun });
  }

  async rotate(context: RequestContext, id: string, body: unknown, dryRun: boolean): Promise<WebhookWithSecret> {
    await this.get(context, id);
    const { overlapHours } = parseBody(rotateWebhookSchema, body);
    return this.#parts.store.webhooks.rotate(id, overlapHours * HOUR_MS, { by: attribution(context), dryRun });
  }

  async replay(context: RequestContext, id: string, body: unknown, dryRun: boolean): Promise<WebhookRecord> {
    await this.get(context, id);
    const { from } = parseBody(replayWebhookSchema, body);
    return this.#parts.store.webhooks.replay(id, new Date(from), { by: attribution(context), dryRun });
  }

  async redeliver(context: RequestContext, id: string, body: unknown, dryRun: boolean): Promise<WebhookRecord> {
    await this.get(context, id);
    const { messageId } = parseBody(redeliverWebhookSchema, body);
    return this.#parts.store.webhooks.redeliver(id, messageId, { by: attribution(context), dryRun });
  }

  /** Attempts, newest first. */
  async deliveries(context: RequestContext, id: string, request: PageRequest): Promise<Page<WebhookDeliveryRecord>> {
    await this.get(context, id);
    return signedPage(this.#parts.signer, `deliveries/${id}`, request, (page) =>
      this.#parts.store.webhooks.deliveries({ id, ...page }),
    );
  }

  async #mayAdminister(context: RequestContext, project: string): Promise<void> {
    requireProject(context, project);
    await this.#parts.projects.mustExist(context, project);
  }

  #refuseUrl(url: string): void {
    const message = this.#parts.allowPrivate ? undefined : webhookUrlProblem(url);
    if (message !== undefined) throw faultOf([{ pointer: '/url', code: 'forbidden_address', message }], 'The webhook');
  }
}
