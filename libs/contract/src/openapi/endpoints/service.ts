/** The process itself and its documents; the only routes that need no key. */
import type { Endpoint, ReplyShape } from './endpoint.ts';

const open = (path: string, operationId: string, summary: string, shape: ReplyShape): Endpoint => ({
  method: 'get',
  path,
  operationId,
  tag: 'service',
  summary,
  success: { status: 200, description: summary, shape },
});

export const SERVICE_ENDPOINTS: readonly Endpoint[] = [
  open('/healthz', 'getHealth', 'Whether the process lives', 'Json'),
  open('/readyz', 'getReadiness', 'Whether it may get requests (503 when not)', 'Json'),
  open('/metrics', 'getMetrics', 'Measurements for Prometheus', 'Text'),
  open('/openapi.json', 'getOpenApi', 'This description', 'Json'),
  open('/docs', 'getDocs', 'This description as a page', 'Html'),
  open('/errors', 'listErrors', 'Every code of errors and of failures', 'Json'),
  open('/errors/{code}', 'getError', 'Cause and remedy of the code of an error or of a failure', 'Html'),
];
