/** Long-running operations. */
import { operationQuerySchema, operationsQuerySchema } from '../../requests/query.ts';
import type { Endpoint } from './endpoint.ts';

export const OPERATION_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'get',
    path: '/v1/operations',
    operationId: 'listOperations',
    tag: 'operations',
    summary: 'List operations',
    scope: 'read',
    query: operationsQuerySchema,
    success: { status: 200, description: 'One page, newest first.', shape: { list: 'Operation' } },
  },
  {
    method: 'get',
    path: '/v1/operations/{id}',
    operationId: 'getOperation',
    tag: 'operations',
    summary: 'Get an operation, or wait for it',
    description:
      '`?wait=30s` answers when it is done, at the latest after that time (at most 120 s) with `done: false`.',
    scope: 'read',
    query: operationQuerySchema,
    success: { status: 200, description: 'The operation.', shape: 'Operation' },
  },
];
