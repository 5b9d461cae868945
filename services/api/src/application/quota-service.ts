/**
 * The quota of a project: limits and use, who holds what, what happened to limits, what would fit. Read by its users,
 * written by administrators of the platform.
 */
import {
  claimMetricOf,
  claimsTogether,
  type Documents,
  limitsOf,
  parseBody,
  type QuotaRecountView,
  type QuotaScopes,
  type QuotaSimulationView,
  type QuotaView,
  quotaDocumentSchema,
  quotaRecountView,
  quotaScopesOf,
  quotaSimulationView,
  quotaView,
} from '@compute/contract';
import type {
  Catalogue,
  QuotaCounter,
  QuotaHistoryEntry,
  QuotaHistoryType,
  QuotaHolder,
  QuotaMetricName,
} from '@compute/domain';
import type { Page, QuotaHoldersQuery } from '@compute/store';
import { mayRead, requirePlatformAdmin, requireProject } from './access-rules.ts';
import type { ManifestService } from './manifest-service.ts';
import type { RequestContext } from './request-context.ts';
import { type PageRequest, type ServiceParts, signedPage } from './service-parts.ts';
import { attribution } from './wishes.ts';

interface PageOfCounter extends PageRequest {
  readonly project: string;
  readonly scope?: string | undefined;
  readonly metric?: QuotaMetricName | undefined;
}

export type QuotaClaimsRequest = PageOfCounter;

export interface QuotaHistoryRequest extends PageOfCounter {
  readonly type?: QuotaHistoryType | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export interface QuotaServiceParts extends ServiceParts {
  readonly manifests: ManifestService;
  readonly catalogue: Catalogue;
}

export class QuotaService {
  readonly #parts: QuotaServiceParts;
  readonly #scopes: QuotaScopes;

  constructor(parts: QuotaServiceParts) {
    this.#parts = parts;
    this.#scopes = quotaScopesOf(parts.catalogue);
  }

  async get(context: RequestContext, project: string): Promise<QuotaView> {
    mayRead(context, project);
    await this.#parts.projects.mustExist(context, project);
    return this.#view(project, await this.#parts.store.quota.counters(project));
  }

  /** What the document leaves out returns to the default. */
  async set(context: RequestContext, project: string, document: unknown, dryRun = false): Promise<QuotaView> {
    requireProject(context, project);
    requirePlatformAdmin(context);
    await this.#parts.projects.mustExist(context, project);
    const limits = limitsOf(parseBody(quotaDocumentSchema, document), this.#scopes);
    const counters = await this.#parts.store.quota.setLimits(project, limits, { by: attribution(context), dryRun });
    return this.#view(project, counters);
  }

  /** Who holds what, by kind and name. */
  claims(context: RequestContext, request: QuotaClaimsRequest): Promise<Page<QuotaHolder>> {
    return this.#page(context, 'quota-claims', request, (query) => this.#parts.store.quota.holders(query));
  }

  /** What happened to limits, newest first. */
  history(context: RequestContext, request: QuotaHistoryRequest): Promise<Page<QuotaHistoryEntry>> {
    const { type, from, to } = request;
    return this.#page(context, 'quota-history', request, (query) =>
      this.#parts.store.quota.history({ ...query, type, from, to }),
    );
  }

  /** What would become of manifests, were they applied now, one after another. Stores and reserves nothing. */
  async simulate(context: RequestContext, project: string, documents: Documents): Promise<QuotaSimulationView> {
    const { results, claims } = await this.#parts.manifests.simulate(context, project, documents);
    const requested = claimsTogether(claims);
    const counters = await this.#parts.store.quota.counters(project, Object.keys(requested));
    const simulated = results.map(({ kind, name, verdict }) => ({
      ...(kind === undefined ? {} : { kind }),
      ...(name === undefined ? {} : { name }),
      ...(verdict.result === 'invalid' ? { fault: verdict.fault } : {}),
    }));
    return quotaSimulationView({ documents: simulated, requested, counters });
  }

  /** Compares every counter with its rows; repairs what differs unless it is only tried. */
  async recount(context: RequestContext, dryRun: boolean): Promise<QuotaRecountView> {
    requirePlatformAdmin(context);
    const by = dryRun ? {} : { by: attribution(context) };
    const differences = await this.#parts.store.quota.recount({ repair: !dryRun, ...by });
    return quotaRecountView(differences, !dryRun && differences.length > 0);
  }

  async #view(project: string, counters: readonly QuotaCounter[]): Promise<QuotaView> {
    const reserved = await this.#parts.store.quota.reserved(project);
    const withReserved = counters.map((counter) => ({
      ...counter,
      reserved: reserved.get(`${counter.scope}/${counter.metric}`) ?? 0,
    }));
    return quotaView(withReserved, this.#scopes);
  }

  async #page<T>(
    context: RequestContext,
    what: string,
    { pageSize, pageToken, ...asked }: PageOfCounter,
    read: (query: QuotaHoldersQuery) => Promise<Page<T>>,
  ): Promise<Page<T>> {
    const { project, scope, metric } = asked;
    mayRead(context, project);
    await this.#parts.projects.mustExist(context, project);
    const counter = { project, scope, metric: metric === undefined ? undefined : claimMetricOf(metric) };
    const subject = `${what}/${JSON.stringify(asked)}`;
    return signedPage(this.#parts.signer, subject, { pageSize, pageToken }, (bounds) =>
      read({ ...counter, ...bounds }),
    );
  }
}
