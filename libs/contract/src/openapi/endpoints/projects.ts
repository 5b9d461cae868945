/** Tenants. */
import { pageQuerySchema, writeQuerySchema } from '../../requests/query.ts';
import type { Endpoint } from './endpoint.ts';

export const PROJECT_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'post',
    path: '/v1/projects',
    operationId: 'createProject',
    tag: 'access',
    summary: 'Create a project',
    description: 'For administrators of the platform.',
    scope: 'admin',
    query: writeQuerySchema,
    body: { schema: 'CreateProject', example: { name: 'team-blue' } },
    success: { status: 201, description: 'The project.', shape: 'Project' },
    faults: ['AlreadyExists'],
  },
  {
    method: 'get',
    path: '/v1/projects',
    operationId: 'listProjects',
    tag: 'access',
    summary: 'List the projects that you see',
    scope: 'read',
    query: pageQuerySchema,
    success: { status: 200, description: 'One page.', shape: { list: 'Project' } },
  },
  {
    method: 'get',
    path: '/v1/projects/{project}',
    operationId: 'getProject',
    tag: 'access',
    summary: 'Get a project',
    scope: 'read',
    success: { status: 200, description: 'The project.', shape: 'Project' },
  },
];
