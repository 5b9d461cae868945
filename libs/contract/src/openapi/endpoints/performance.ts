/** What machines use. */
import { performanceQuerySchema } from '../../requests/query.ts';
import type { Endpoint } from './endpoint.ts';

export const PERFORMANCE_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'get',
    path: '/v1/projects/{project}/vm-instances/{name}/metrics',
    operationId: 'getVMInstanceMetrics',
    tag: 'vm-instances',
    summary: 'Read what a virtual machine used over time',
    description:
      'CPU, memory, network and disk as the cluster measured them: average and maximum of each step. A figure that was not measured is null, as while the machine is off; nothing is interpolated. The last hour when no span is given.',
    scope: 'read',
    query: performanceQuerySchema,
    success: { status: 200, description: 'One point for each step.', shape: 'VMInstanceMetrics' },
  },
];
