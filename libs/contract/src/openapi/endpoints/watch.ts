/** The stream of changes. */
import { watchQuerySchema } from '../../requests/query.ts';
import type { Endpoint } from './endpoint.ts';

export const WATCH_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'get',
    path: '/v1/projects/{project}/watch',
    operationId: 'watch',
    tag: 'watch',
    summary: 'Watch resources',
    description:
      'Server-Sent Events ADDED, MODIFIED, DELETED with `{ type, object }`, first for what there is, then for each change. BOOKMARK moves the position on. `Last-Event-ID` goes on exactly after that event. TOO_OLD ends a stream that cannot be served without a gap: start again without a position. CLOSE says that the server stops.',
    scope: 'read',
    query: watchQuerySchema,
    headers: ['Last-Event-ID'],
    success: { status: 200, description: 'A stream that does not end by itself.', shape: 'EventStream' },
    faults: ['CursorTooOld'],
  },
];
