/** Events to bill and their sums. */
import { usageEventsQuerySchema, usageSummaryQuerySchema } from '../../requests/query.ts';
import type { Endpoint } from './endpoint.ts';

export const USAGE_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'get',
    path: '/v1/usage/events',
    operationId: 'listUsageEvents',
    tag: 'usage',
    summary: 'Read the usage feed',
    description:
      'Closed intervals of use as CloudEvents 1.0, in one order without gaps, each exactly once. Store `nextCursor` and go on with `after`, or let the server keep the place of a named reader (`consumer`, and `:ack` after each page). With `Accept: application/cloudevents-batch+json` a CloudEvents batch.',
    scope: 'read',
    query: usageEventsQuerySchema,
    success: { status: 200, description: 'Events after the cursor.', shape: 'UsageFeed' },
  },
  {
    method: 'get',
    path: '/v1/usage/events/stream',
    operationId: 'streamUsageEvents',
    tag: 'usage',
    summary: 'Follow the usage feed',
    description: 'Server-Sent Events; the id of each is the cursor after it.',
    scope: 'read',
    query: usageEventsQuerySchema,
    headers: ['Last-Event-ID'],
    success: { status: 200, description: 'A stream that does not end by itself.', shape: 'EventStream' },
  },
  {
    method: 'get',
    path: '/v1/projects/{project}/usage',
    operationId: 'getUsageSummary',
    tag: 'usage',
    summary: 'Sum up the use of a project',
    description: 'Open intervals count up to now. The last 30 days when no span is given.',
    scope: 'read',
    query: usageSummaryQuerySchema,
    success: { status: 200, description: 'Sums by meter and dimensions.', shape: 'UsageSummary' },
  },
];
