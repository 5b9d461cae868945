/** Projects and API keys: who there is, and who may come in. */
import { createApiKeySchema, createProjectSchema, faultOf, parseBody, type TokenSigner } from '@compute/contract';
import { type ApiKeyRecord, Fault, type ProjectRecord } from '@compute/domain';
import type { NewApiKey, Page, Store } from '@compute/store';
import { projectNotFound, requirePlatformAdmin, requireProject, requireScope } from './access-rules.ts';
import type { RequestContext } from './request-context.ts';
import { type PageRequest, signedPage } from './service-parts.ts';
import { attribution } from './wishes.ts';

export interface ApiKeysRequest extends PageRequest {
  readonly project?: string | undefined;
}

/** Projects are never renamed; one that was there is looked for again only after this. */
const KNOWN_PROJECT_TTL_MS = 30_000;

export class ProjectService {
  readonly #store: Store;
  readonly #signer: TokenSigner;
  readonly #known = new Map<string, number>();

  constructor(store: Store, signer: TokenSigner) {
    this.#store = store;
    this.#signer = signer;
  }

  /** Throws `NotFound` for a project that does not exist. A key of one project proves that its project does. */
  async mustExist({ caller }: RequestContext, project: string): Promise<void> {
    if ((caller.provesProject && caller.project === project) || (this.#known.get(project) ?? 0) > Date.now()) return;
    if (!(await this.#store.project(project))) throw projectNotFound(project);
    this.#known.set(project, Date.now() + KNOWN_PROJECT_TTL_MS);
  }

  async create(context: RequestContext, body: unknown, dryRun = false): Promise<ProjectRecord> {
    requirePlatformAdmin(context);
    return this.#store.createProject(parseBody(createProjectSchema, body).name, { by: attribution(context), dryRun });
  }

  async get(context: RequestContext, name: string): Promise<ProjectRecord> {
    requireProject(context, name);
    requireScope(context, 'read');
    const project = await this.#store.project(name);
    if (!project) throw projectNotFound(name);
    return project;
  }

  /** The projects that the caller sees: all, or the one of its key. */
  async list(context: RequestContext, pageSize: number, pageToken: string): Promise<Page<ProjectRecord>> {
    requireScope(context, 'read');
    const own = context.caller.project;
    if (own !== undefined) return { items: [await this.get(context, own)] };
    return signedPage(this.#signer, 'projects', { pageSize, pageToken }, (bounds) => this.#store.projects(bounds));
  }

  /**
   * An administrator of one project makes keys for that project only, and none of them administers more. A dry run gives
   * no token.
   */
  async createApiKey(context: RequestContext, body: unknown, dryRun = false): Promise<NewApiKey> {
    requireScope(context, 'admin');
    const { expiresAt, name, scopes, project = context.caller.project } = parseBody(createApiKeySchema, body);
    refuseExpired(expiresAt);
    if (project === undefined) requirePlatformAdmin(context);
    else await this.get(context, project);
    const request = { name, scopes, dryRun, by: attribution(context), ...(project === undefined ? {} : { project }) };
    return this.#store.createApiKey(expiresAt === undefined ? request : { ...request, expiresAt: new Date(expiresAt) });
  }

  /** Without a project: those of the caller's, or all of them for who sees every project. Newest first. */
  async apiKeys(context: RequestContext, request: ApiKeysRequest): Promise<Page<ApiKeyRecord>> {
    requireScope(context, 'admin');
    const project = request.project ?? context.caller.project;
    if (project !== undefined) await this.get(context, project);
    const subject = `api-keys/${project ?? ''}`;
    return signedPage(this.#signer, subject, request, (bounds) => this.#store.apiKeyPage({ project, ...bounds }));
  }

  /** A key of another project is not found. */
  async apiKey(context: RequestContext, id: string): Promise<ApiKeyRecord> {
    requireScope(context, 'admin');
    const key = await this.#store.apiKey(id);
    if (key && (context.caller.project === undefined || key.project === context.caller.project)) return key;
    throw new Fault('NotFound', 'There is no such API key.', { resource: { kind: 'ApiKey', name: id.slice(0, 63) } });
  }

  /** The key as it is from now on. A key of another project is not found. */
  async revokeApiKey(context: RequestContext, id: string, dryRun = false): Promise<ApiKeyRecord> {
    await this.apiKey(context, id);
    return this.#store.revokeApiKey(id, attribution(context), { dryRun });
  }
}

/** A key that opens nothing is a mistake in the date. */
function refuseExpired(expiresAt: string | undefined): void {
  if (expiresAt === undefined || Date.parse(expiresAt) > Date.now()) return;
  const problem = { pointer: '/expiresAt', code: 'invalid_value', message: 'Must be in the future.' };
  throw faultOf([problem], 'The API key');
}
