/** Measures and logs each request of this face, by a pattern of its address and never by a name in it. */
import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { POWER_VERBS } from '@compute/domain';
import type { ApiObservation } from '../api-observation.ts';

const SUBRESOURCES: readonly string[] = POWER_VERBS;
const RESOURCES: readonly string[] = ['vminstances', 'vmdisks', 'events', 'pods', 'namespaces'];

/** Notes the request now and its answer when it has left. */
export function observeRequest(observation: ApiObservation, request: IncomingMessage, response: ServerResponse): void {
  const startedAt = performance.now();
  const { requestsInFlight } = observation.metrics.instruments;
  requestsInFlight.inc({ face: 'kube' });
  // With the ids of the request, in whose context an event of its connection is not told.
  const closed = AsyncResource.bind(() => {
    const method = request.method ?? 'GET';
    const route = routeOf(request.url ?? '');
    const durationMs = performance.now() - startedAt;
    requestsInFlight.dec({ face: 'kube' });
    observation.answered({
      face: 'kube',
      route: `${method} ${route}`,
      code: String(response.statusCode),
      isChange: method !== 'GET' && method !== 'HEAD',
      isAccepted: response.statusCode < 300,
      durationMs,
    });
  });
  response.once('close', closed);
}

/** Whether a request opens a stream. */
export function isWatch(url: string): boolean {
  return /[?&]watch=(?:1|true|True|TRUE|t|T)(?:&|$)/.test(url);
}

/** `/vmdisks/{name}` for every disk of every project, `/vmdisks?watch` for watches, `/documents` for all else. */
export function routeOf(url: string): string {
  const [path = ''] = url.split('?', 1);
  const steps = path.split('/').filter((step) => step !== '');
  const scoped = steps.indexOf('namespaces');
  const at =
    scoped >= 0 && steps.length > scoped + 2 ? scoped + 2 : steps.findIndex((step) => RESOURCES.includes(step));
  const resource = RESOURCES.find((known) => known === steps[at]);
  if (resource === undefined) return '/documents';
  if (isWatch(url)) return `/${resource}?watch`;
  const subresource = SUBRESOURCES.find((known) => known === steps[at + 2]);
  if (subresource !== undefined) return `/${resource}/{name}/${subresource}`;
  return steps.length > at + 1 ? `/${resource}/{name}` : `/${resource}`;
}
