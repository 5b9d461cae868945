/** The quota document of a project: read by its users, written by administrators of the platform. */
import {
  limitsOf,
  parseBody,
  type QuotaScopes,
  type QuotaView,
  quotaDocumentSchema,
  quotaView,
} from '@compute/contract';
import { type Catalogue, CUSTOM_SERIES } from '@compute/domain';
import type { Store } from '@compute/store';
import { mayRead, requirePlatformAdmin, requireProject } from './access-rules.ts';
import type { ProjectService } from './project-service.ts';
import type { RequestContext } from './request-context.ts';
import { attribution } from './wishes.ts';

export class QuotaService {
  readonly #store: Store;
  readonly #projects: ProjectService;
  readonly #scopes: QuotaScopes;

  constructor(store: Store, projects: ProjectService, catalogue: Catalogue) {
    this.#store = store;
    this.#projects = projects;
    this.#scopes = {
      series: [...new Set(catalogue.instanceTypes.map((type) => type.series)), CUSTOM_SERIES],
      storageClasses: catalogue.storageClasses.map((entry) => entry.name),
    };
  }

  async get(context: RequestContext, project: string): Promise<QuotaView> {
    mayRead(context, project);
    await this.#projects.mustExist(context, project);
    return quotaView(await this.#store.quota(project), this.#scopes);
  }

  /** What the document leaves out returns to the default. */
  async set(context: RequestContext, project: string, document: unknown, dryRun = false): Promise<QuotaView> {
    requireProject(context, project);
    requirePlatformAdmin(context);
    await this.#projects.mustExist(context, project);
    const limits = limitsOf(parseBody(quotaDocumentSchema, document), this.#scopes);
    const counters = await this.#store.setQuota(project, limits, attribution(context), { dryRun });
    return quotaView(counters, this.#scopes);
  }
}
