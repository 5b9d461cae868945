/** Limits and what is used of them. */
import { quotaClaimsQuerySchema, quotaHistoryQuerySchema, writeQuerySchema } from '../../requests/query.ts';
import { MANIFESTS_YAML } from '../examples.ts';
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
  {
    method: 'get',
    path: '/v1/projects/{project}/quota/claims',
    operationId: 'listQuotaClaims',
    tag: 'quota',
    summary: 'List who holds what',
    description:
      'By kind and name: each resource and what it holds of the quota, also while it waits, fails or is being deleted. The sums are the use.',
    scope: 'read',
    query: quotaClaimsQuerySchema,
    success: { status: 200, description: 'One page.', shape: { list: 'QuotaHolder' } },
  },
  {
    method: 'get',
    path: '/v1/projects/{project}/quota/history',
    operationId: 'listQuotaEvents',
    tag: 'quota',
    summary: 'List what happened to limits',
    description: 'Newest first: who changed which limit, and when use reached 80 or 100 % of one.',
    scope: 'read',
    query: quotaHistoryQuerySchema,
    success: { status: 200, description: 'One page.', shape: { list: 'QuotaEvent' } },
  },
  {
    method: 'post',
    path: '/v1/projects/{project}/quota/simulate',
    operationId: 'simulateQuota',
    tag: 'quota',
    summary: 'Ask what would fit',
    description:
      'Takes manifests, one after another, as if they were applied now: which would be refused, and what all of them together need of each counter. Nothing is stored or reserved.',
    scope: 'write',
    body: { schema: 'Manifests', example: MANIFESTS_YAML },
    success: { status: 200, description: 'What would become of each document.', shape: 'QuotaSimulation' },
  },
  {
    method: 'post',
    path: '/v1/quota/recount',
    operationId: 'recountQuota',
    tag: 'quota',
    summary: 'Prove the counters',
    description:
      'For administrators of the platform: compares every counter of every project with the rows that it counts, and repairs what differs. With `dryRun`, only reports.',
    scope: 'admin',
    query: writeQuerySchema,
    success: { status: 200, description: 'What differed; nothing, as it should be.', shape: 'QuotaRecount' },
  },
];
