/** What happened. */
import { historyQuerySchema } from '../../requests/query.ts';
import type { Endpoint } from './endpoint.ts';

export const HISTORY_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'get',
    path: '/v1/projects/{project}/history',
    operationId: 'listTransitions',
    tag: 'history',
    summary: 'List what happened',
    description: 'Changes of phases and conditions, newest first.',
    scope: 'read',
    query: historyQuerySchema,
    success: { status: 200, description: 'One page.', shape: { list: 'Transition' } },
  },
];
