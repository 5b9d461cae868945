/**
 * The place where faults can be put between clients and the API. The default passes everything on; nothing else in the
 * HTTP layer knows that faults exist.
 */
import type { ResourceBackend } from './backend.ts';

/** What a request is about, as far as rules can match it. */
export interface RequestFacts {
  /** A resource verb, or the HTTP method in lower case for paths that are no resource. */
  verb: string;
  /** `plural.group` (plural for the core group), or empty. */
  resource: string;
  namespace: string;
  name: string;
  subresource: string;
  user: string;
}

/** Stands between one watch and its connection: may drop, double, hold back or cut. */
export type FrameInterceptor = (frame: string, send: (frame: string) => void, cut: () => void) => void;

export interface Interceptor {
  /** Runs before the request has any effect. `reset` cuts the connection; a StatusError is answered. */
  before(facts: RequestFacts): Promise<'pass' | 'reset'>;
  /** Runs after the effect and before the answer. */
  after(facts: RequestFacts): 'pass' | 'reset';
  /** Wraps the frames of a watch; undefined leaves them alone. */
  watch(facts: RequestFacts): FrameInterceptor | undefined;
  /** Calls back when running watches have to be cut now; the predicate says which. */
  onCut?(cut: (affected: (facts: RequestFacts) => boolean) => void): void;
  /** Wraps the storage a request reads from (stale lists, forced 410). */
  backend(facts: RequestFacts, backend: ResourceBackend): ResourceBackend;
}
