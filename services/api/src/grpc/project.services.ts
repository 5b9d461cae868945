/** Quota, catalogue, projects and API keys over gRPC. */
import { MAX_PAGE_SIZE, type QuotaNumberView, type QuotaView, rotateBy } from '@compute/contract';
import type {
  ApiKey,
  CatalogueServiceServer,
  Project,
  ProjectServiceServer,
  Quota,
  QuotaLimit,
  QuotaNumber,
  QuotaServiceServer,
  UpdateQuotaRequest,
} from '@compute/proto';
import type { ApiKeyRecord, ProjectRecord } from '@compute/store';
import type { ApiParts } from '../application/api-parts.ts';
import type { CatalogueList, PageRequest } from '../application/catalogue-service.ts';
import type { Calls } from './calls.ts';
import { pageSizeOf } from './resource-methods.ts';

export function quotaMethods(calls: Calls, { quota }: ApiParts): Omit<QuotaServiceServer, symbol> {
  return {
    getQuota: calls.unary('GetQuota', async (call, { project }) =>
      quotaMessage(project, await quota.get(call, project)),
    ),
    updateQuota: calls.unary('UpdateQuota', async (call, request) =>
      quotaMessage(
        request.project,
        await quota.set(call, request.project, quotaDocument(request), request.validateOnly),
      ),
    ),
  };
}

function quotaMessage(project: string, view: QuotaView): Quota {
  const numbers = <M extends string>(group: Readonly<Record<M, QuotaNumberView>>) =>
    Object.fromEntries(
      Object.entries<QuotaNumberView>(group).map(([name, value]) => [name, numberMessage(value)]),
    ) as Record<M, QuotaNumber>;
  const groups = <M extends string>(all: Readonly<Record<string, Readonly<Record<M, QuotaNumberView>>>>) =>
    Object.fromEntries(Object.entries(all).map(([name, group]) => [name, numbers(group)]));
  return {
    project,
    series: groups(view.series),
    storage: groups(view.storage),
    externalIps: numberMessage(view.externalIps),
  };
}

function numberMessage({ limit, used, reserved, remaining }: QuotaNumberView): QuotaNumber {
  const finite = (value: number | 'unlimited') => (value === 'unlimited' ? undefined : value);
  return { limit: finite(limit), used, reserved, remaining: finite(remaining) };
}

function quotaDocument({ series, storage, externalIps }: UpdateQuotaRequest): unknown {
  const groups = (all: Readonly<Record<string, object>>) =>
    Object.fromEntries(Object.entries(all).map(([name, group]) => [name, limitsIn(group)]));
  return { series: groups(series), storage: groups(storage), ...limitsIn({ externalIps }) };
}

function limitsIn(group: object): object {
  const entries = Object.entries(group as Record<string, QuotaLimit | undefined>);
  return Object.fromEntries(
    entries.flatMap(([name, limit]) => {
      if (limit?.kind === undefined) return [];
      return [[name, limit.kind.$case === 'unlimited' ? 'unlimited' : limit.kind.value]];
    }),
  );
}

export function catalogueMethods(calls: Calls, { catalogue }: ApiParts): Omit<CatalogueServiceServer, symbol> {
  return {
    listInstanceTypes: calls.unary('ListInstanceTypes', (_call, request) => {
      const { items, nextPageToken } = cataloguePage(catalogue.instanceTypes, request);
      return { instanceTypes: items, nextPageToken };
    }),
    listInstanceProfiles: calls.unary('ListInstanceProfiles', (_call, request) => {
      const { items, nextPageToken } = cataloguePage(catalogue.instanceProfiles, request);
      return { instanceProfiles: items, nextPageToken };
    }),
    listStorageClasses: calls.unary('ListStorageClasses', (_call, request) => {
      const { items, nextPageToken } = cataloguePage(catalogue.storageClasses, request);
      return { storageClasses: items, nextPageToken };
    }),
    listImages: calls.unary('ListImages', (_call, request) => {
      const { items, nextPageToken } = cataloguePage(catalogue.images, request);
      return { images: items, nextPageToken };
    }),
  };
}

/** Without a size: all of it. */
function cataloguePage<T extends { readonly name: string }>(list: CatalogueList<T>, request: PageRequest) {
  const pageSize = request.pageSize === 0 ? MAX_PAGE_SIZE : pageSizeOf(request.pageSize);
  const { items, next = '' } = list.page({ pageSize, pageToken: request.pageToken });
  return { items: [...items], nextPageToken: next };
}

export function projectMethods(calls: Calls, { projects }: ApiParts): Omit<ProjectServiceServer, symbol> {
  return {
    createProject: calls.unary('CreateProject', async (call, { name, validateOnly }) =>
      projectMessage(await projects.create(call, { name }, validateOnly)),
    ),
    getProject: calls.unary('GetProject', async (call, { name }) => projectMessage(await projects.get(call, name))),
    listProjects: calls.unary('ListProjects', async (call, { pageSize, pageToken }) => {
      const page = await projects.list(call, pageSizeOf(pageSize), pageToken);
      return { projects: page.items.map(projectMessage), nextPageToken: page.next ?? '' };
    }),
    createApiKey: calls.unary('CreateApiKey', async (call, { project, name, scopes, expireTime, validateOnly }) => {
      const body = {
        name,
        ...(project === '' ? {} : { project }),
        ...(scopes.length === 0 ? {} : { scopes }),
        ...(expireTime ? { expiresAt: expireTime.toISOString() } : {}),
      };
      const { record, token } = await projects.createApiKey(call, body, validateOnly);
      return { apiKey: apiKeyMessage(record), secret: token };
    }),
    getApiKey: calls.unary('GetApiKey', async (call, { id }) => apiKeyMessage(await projects.apiKey(call, id))),
    listApiKeys: calls.unary('ListApiKeys', async (call, { project, pageSize, pageToken }) => {
      const asked = { project: project === '' ? undefined : project, pageSize: pageSizeOf(pageSize), pageToken };
      const page = await projects.apiKeys(call, asked);
      return { apiKeys: page.items.map(apiKeyMessage), nextPageToken: page.next ?? '' };
    }),
    revokeApiKey: calls.unary('RevokeApiKey', async (call, { id, validateOnly }) =>
      apiKeyMessage(await projects.revokeApiKey(call, id, validateOnly)),
    ),
  };
}

const projectMessage = ({ name, uid, namespace, createdAt }: ProjectRecord): Project => ({
  name,
  uid,
  namespace,
  createTime: createdAt,
});

function apiKeyMessage(key: ApiKeyRecord): ApiKey {
  return {
    id: key.id,
    project: key.project ?? '',
    name: key.name,
    scopes: [...key.scopes],
    createTime: key.createdAt,
    expireTime: key.expiresAt,
    revokeTime: key.revokedAt,
    lastUsedTime: key.lastUsedAt,
    rotateByTime: rotateBy(key),
  };
}
