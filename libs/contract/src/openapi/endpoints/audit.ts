/** Who changed what. */
import { auditQuerySchema } from '../../requests/query.ts';
import type { Endpoint } from './endpoint.ts';

export const AUDIT_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'get',
    path: '/v1/projects/{project}/audit',
    operationId: 'listAuditEntries',
    tag: 'access',
    summary: 'List who changed what in a project',
    description: 'Every change that somebody asked for and got, newest first. For administrators of the project.',
    scope: 'admin',
    query: auditQuerySchema,
    success: { status: 200, description: 'One page.', shape: { list: 'AuditEntry' } },
  },
  {
    method: 'get',
    path: '/v1/audit',
    operationId: 'listPlatformAuditEntries',
    tag: 'access',
    summary: 'List who changed what belongs to no project',
    description: 'API keys for every project, newest first. For administrators of the platform.',
    scope: 'admin',
    query: auditQuerySchema,
    success: { status: 200, description: 'One page.', shape: { list: 'AuditEntry' } },
  },
];
