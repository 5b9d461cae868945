/** Long-running operations. */
import { operationQuerySchema, operationsQuerySchema, writeQuerySchema } from '../../requests/query.ts';
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
      'With what has happened so far (`steps`) and how far it is (`progress`). `?wait=30s` answers when it is done, at the latest after that time (at most 120 s) with `done: false`.',
    scope: 'read',
    query: operationQuerySchema,
    success: { status: 200, description: 'The operation.', shape: 'Operation' },
  },
  {
    method: 'post',
    path: '/v1/operations/{id}:cancel',
    operationId: 'cancelOperation',
    tag: 'operations',
    summary: 'Cancel an operation',
    description:
      'An import that is under way is given up: the disk then is Failed with the code ImportCancelled and can be retried. Other work cannot be cancelled: a machine that starts is stopped or deleted, an edit is edited back, a deletion is final. Of an operation that is done, nothing changes.',
    scope: 'write',
    query: writeQuerySchema,
    success: { status: 202, description: 'It will end soon. 200 when it is done already.', shape: 'Operation' },
    also: [[200, 'It is done already.']],
    faults: ['NotCancellable'],
  },
];
