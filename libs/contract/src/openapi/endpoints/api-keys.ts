/** Who may speak for a project. */
import { apiKeysQuerySchema, writeQuerySchema } from '../../requests/query.ts';
import type { Endpoint } from './endpoint.ts';

export const API_KEY_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'post',
    path: '/v1/api-keys',
    operationId: 'createApiKey',
    tag: 'access',
    summary: 'Create an API key',
    scope: 'admin',
    query: writeQuerySchema,
    body: { schema: 'CreateApiKey', example: { project: 'team-blue', name: 'deployment', scopes: ['read', 'write'] } },
    success: { status: 201, description: 'The key with its secret, which is shown this once.', shape: 'NewApiKey' },
  },
  {
    method: 'get',
    path: '/v1/api-keys',
    operationId: 'listApiKeys',
    tag: 'access',
    summary: 'List API keys',
    scope: 'admin',
    query: apiKeysQuerySchema,
    success: { status: 200, description: 'One page, newest first, without secrets.', shape: { list: 'ApiKey' } },
  },
  {
    method: 'get',
    path: '/v1/api-keys/{id}',
    operationId: 'getApiKey',
    tag: 'access',
    summary: 'Get an API key',
    scope: 'admin',
    success: { status: 200, description: 'The key, without its secret.', shape: 'ApiKey' },
  },
  {
    method: 'delete',
    path: '/v1/api-keys/{id}',
    operationId: 'revokeApiKey',
    tag: 'access',
    summary: 'Revoke an API key',
    scope: 'admin',
    query: writeQuerySchema,
    success: { status: 200, description: 'The key, revoked.', shape: 'ApiKey' },
  },
];
