/** Projects and API keys: who there is, and who may come in. */
import { createApiKeySchema, createProjectSchema, faultOf, parseBody, type TokenSigner } from '@compute/contract';
import { Fault } from '@compute/domain';
import type { ApiKeyRecord, NewApiKey, Page, ProjectRecord, Store } from '@compute/store';
import { projectNotFound, requirePlatformAdmin, requireProject, requireScope, sees } from './access-rules.ts';
import type { RequestContext } from './request-context.ts';

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
    if (caller.project === project || (this.#known.get(project) ?? 0) > Date.now()) return;
    if (!(await this.#store.project(project))) throw projectNotFound(project);
    this.#known.set(project, Date.now() + KNOWN_PROJECT_TTL_MS);
  }

  async create(context: RequestContext, body: unknown): Promise<ProjectRecord> {
    requirePlatformAdmin(context);
    return this.#store.createProject(parseBody(createProjectSchema, body).name);
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
    const [after] = pageToken === '' ? [] : this.#signer.read('projects', pageToken, '/pageToken');
    const page = await this.#store.projects({ limit: pageSize, ...(after === undefined ? {} : { after }) });
    return page.next === undefined ? page : { ...page, next: this.#signer.sign('projects', [page.next]) };
  }

  /** An administrator of one project makes keys for that project only, and none of them administers more. */
  async createApiKey(context: RequestContext, body: unknown): Promise<NewApiKey> {
    requireScope(context, 'admin');
    const { expiresAt, name, scopes, project = context.caller.project } = parseBody(createApiKeySchema, body);
    refuseExpired(expiresAt);
    if (project === undefined) requirePlatformAdmin(context);
    else await this.get(context, project);
    const request = { name, scopes, ...(project === undefined ? {} : { project }) };
    return this.#store.createApiKey(expiresAt === undefined ? request : { ...request, expiresAt: new Date(expiresAt) });
  }

  async apiKeys(context: RequestContext, project: string | undefined): Promise<ApiKeyRecord[]> {
    requireScope(context, 'admin');
    const asked = project ?? context.caller.project;
    if (asked !== undefined) await this.get(context, asked);
    return this.#store.apiKeys(asked);
  }

  /** The key as it is from now on. A key of another project is not found. */
  async revokeApiKey(context: RequestContext, id: string): Promise<ApiKeyRecord> {
    const before = await this.#findKey(context, id);
    await this.#store.revokeApiKey(id);
    return (await this.#store.apiKeys(before.project)).find((key) => key.id === id) ?? before;
  }

  async #findKey(context: RequestContext, id: string): Promise<ApiKeyRecord> {
    requireScope(context, 'admin');
    const keys = await this.#store.apiKeys(context.caller.project);
    const key = keys.find((candidate) => candidate.id === id);
    if (key && (key.project === undefined ? context.caller.project === undefined : sees(context.caller, key.project)))
      return key;
    throw new Fault('NotFound', 'There is no such API key.', { resource: { kind: 'ApiKey', name: id.slice(0, 63) } });
  }
}

/** A key that opens nothing is a mistake in the date. */
function refuseExpired(expiresAt: string | undefined): void {
  if (expiresAt === undefined || Date.parse(expiresAt) > Date.now()) return;
  const problem = { pointer: '/expiresAt', code: 'invalid_value', message: 'Must be in the future.' };
  throw faultOf([problem], 'The API key');
}
