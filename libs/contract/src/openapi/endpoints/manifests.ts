/** Files applied as they are. */
import { manifestsQuerySchema } from '../../requests/query.ts';
import { MANIFESTS_YAML } from '../examples.ts';
import type { Endpoint } from './endpoint.ts';

export const MANIFEST_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'post',
    path: '/v1/projects/{project}/manifests',
    operationId: 'applyManifests',
    tag: 'manifests',
    summary: 'Apply manifests',
    description:
      'One or many JSON or YAML documents, in any order. Each becomes created, configured, unchanged, or its errors. All or nothing unless `partial=true`; then 207 when some could not be applied.',
    scope: 'write',
    query: manifestsQuerySchema,
    headers: ['Idempotency-Key'],
    body: { schema: 'Manifests', example: MANIFESTS_YAML },
    success: { status: 200, description: 'What became of each document, in order.', shape: 'ManifestResults' },
    also: [[207, 'Some documents could not be applied (`partial=true`).']],
    faults: ['UnknownField', 'QuotaExceeded', 'DiskInUse', 'ImmutableField'],
  },
];
