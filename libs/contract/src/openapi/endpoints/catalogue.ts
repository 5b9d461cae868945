/** What can be chosen in a spec. */
import type { ViewName } from '../view-schemas.ts';
import type { Endpoint } from './endpoint.ts';

const catalogueEndpoint = (plural: string, view: ViewName, summary: string): Endpoint => ({
  method: 'get',
  path: `/v1/${plural}`,
  operationId: `list${view}s`.replace('sss', 'sses'),
  tag: 'catalogue',
  summary,
  scope: 'read',
  success: { status: 200, description: 'All of them.', shape: { list: view } },
});

export const CATALOGUE_ENDPOINTS: readonly Endpoint[] = [
  catalogueEndpoint('instance-types', 'InstanceType', 'List instance types'),
  catalogueEndpoint('instance-profiles', 'InstanceProfile', 'List operating system profiles'),
  catalogueEndpoint('storage-classes', 'StorageClass', 'List storage classes'),
  catalogueEndpoint('images', 'Image', 'List images'),
];
