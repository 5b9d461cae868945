/** What happened. */
import { availabilityQuerySchema, historyQuerySchema } from '../../requests/query.ts';
import type { Endpoint } from './endpoint.ts';

export const HISTORY_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'get',
    path: '/v1/projects/{project}/history',
    operationId: 'listTransitions',
    tag: 'history',
    summary: 'List what happened',
    description:
      'Changes of phases and conditions and requests for power, newest first unless `orderBy` says otherwise; `type=Charge` shows what was charged.',
    scope: 'read',
    query: historyQuerySchema,
    success: { status: 200, description: 'One page.', shape: { list: 'Transition' } },
  },
  {
    method: 'get',
    path: '/v1/projects/{project}/availability',
    operationId: 'getAvailability',
    tag: 'history',
    summary: 'Report times in each state, availability and imports',
    description:
      'Computed from history over a range, the last 30 days unless `from` and `to` say otherwise. Time in which a machine’s owner had stopped or paused it, or waited for a start that he asked for, counts neither as up nor as down.',
    scope: 'read',
    query: availabilityQuerySchema,
    success: {
      status: 200,
      description: 'Totals of all that was asked for, and one page of resources.',
      shape: 'Availability',
    },
  },
];
