/** Catalogue, projects and API keys over gRPC. */

import { MAX_PAGE_SIZE, rotateBy } from '@compute/contract';
import type { ApiKeyRecord, ProjectRecord } from '@compute/domain';
import type { ApiKey, CatalogueServiceServer, Project, ProjectServiceServer } from '@compute/proto';
import type { ApiParts } from '../application/api-parts.ts';
import type { CatalogueList } from '../application/catalogue-service.ts';
import type { PageRequest } from '../application/service-parts.ts';
import type { Calls } from './calls.ts';
import { pageSizeOf } from './resource-methods.ts';

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
