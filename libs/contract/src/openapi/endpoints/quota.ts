/** Limits and what is used of them. */
import { writeQuerySchema } from '../../requests/query.ts';
import type { Endpoint } from './endpoint.ts';

export const QUOTA_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'get',
    path: '/v1/projects/{project}/quota',
    operationId: 'getQuota',
    tag: 'quota',
    summary: 'Get limits and use',
    scope: 'read',
    success: { status: 200, description: 'The quota document.', shape: 'Quota' },
  },
  {
    method: 'put',
    path: '/v1/projects/{project}/quota',
    operationId: 'setQuota',
    tag: 'quota',
    summary: 'Set limits',
    description: 'For administrators of the platform. What the document leaves out returns to the default.',
    scope: 'admin',
    query: writeQuerySchema,
    body: {
      schema: 'QuotaDocument',
      example: {
        series: { U: { instances: 20, vcpus: 80, memoryGib: 320 } },
        storage: { replicated: { storageGib: 'unlimited' } },
        externalIps: 5,
      },
    },
    success: { status: 200, description: 'The quota document as it is now.', shape: 'Quota' },
  },
];
