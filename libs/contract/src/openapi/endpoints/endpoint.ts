/** What the table of REST's routes says of one of them. */
import type { ApiKeyScope, FaultCode } from '@compute/domain';
import type { z } from 'zod';
import type { RequestName } from '../request-schemas.ts';
import type { ViewName } from '../view-schemas.ts';

export type HttpMethod = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type ReplyShape =
  | ViewName
  | { readonly list: ViewName }
  | 'UsageFeed'
  | 'ManifestResults'
  | 'EventStream'
  | 'Text'
  | 'Lines'
  | 'Html'
  | 'Json';

export interface EndpointBody {
  readonly schema: RequestName | 'MergePatch' | 'Manifests';
  readonly example: unknown;
  /** The request may come without a body. */
  readonly optional?: true;
}

export interface Endpoint {
  readonly method: HttpMethod;
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Absent: no key is needed. */
  readonly scope?: ApiKeyScope;
  readonly query?: z.ZodObject;
  readonly headers?: readonly ('Idempotency-Key' | 'If-Match' | 'Last-Event-ID')[];
  readonly body?: EndpointBody;
  readonly success: { readonly status: number; readonly description: string; readonly shape: ReplyShape };
  /** Other successes, in the same shape. Of a change that can be tried, 200 is added without being named. */
  readonly also?: readonly (readonly [number, string])[];
  /** Beside those that every route can give. */
  readonly faults?: readonly FaultCode[];
}
