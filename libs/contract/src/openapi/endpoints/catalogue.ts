/** What can be chosen in a spec. */
import { catalogueQuerySchema } from '../../requests/query.ts';
import type { ViewName } from '../view-schemas.ts';
import type { Endpoint } from './endpoint.ts';

const catalogueEndpoint = (plural: string, view: ViewName, summary: string): Endpoint => ({
  method: 'get',
  path: `/v1/${plural}`,
  operationId: `list${view}s`.replace('sss', 'sses'),
  tag: 'catalogue',
  summary,
  description: 'With `ETag`; `If-None-Match` is answered by 304 while nothing has changed.',
  scope: 'read',
  query: catalogueQuerySchema,
  success: { status: 200, description: 'All of them, unless `pageSize` asks for fewer.', shape: { list: view } },
});

export const CATALOGUE_ENDPOINTS: readonly Endpoint[] = [
  catalogueEndpoint('instance-types', 'InstanceType', 'List instance types'),
  catalogueEndpoint('instance-profiles', 'InstanceProfile', 'List operating system profiles'),
  catalogueEndpoint('storage-classes', 'StorageClass', 'List storage classes'),
  catalogueEndpoint('images', 'Image', 'List images'),
];
