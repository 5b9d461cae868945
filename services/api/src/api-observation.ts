/** What the process tells of itself: health, metrics, logs. */
import type { Fault } from '@compute/domain';
import {
  API_METRICS,
  createMetrics,
  HealthRegistry,
  type Logger,
  type Metrics,
  noTracer,
  type Tracer,
} from '@compute/runtime';
import type { Face } from './open-streams.ts';

/** Who asked, as far as that is known. */
export interface Who {
  readonly actor?: string;
  readonly face?: string;
  readonly address?: string;
}

/** One request and how it ended. */
export interface Answered {
  readonly face: Face;
  /** A pattern or the name of a method, never what a caller chose. */
  readonly route: string;
  readonly code: string;
  readonly isChange: boolean;
  readonly isAccepted: boolean;
  readonly durationMs: number;
}

/** Strangers without a key that we know could fill the log. */
const isRefusal = ({ code, cause }: Fault): boolean =>
  code === 'PermissionDenied' || (code === 'Unauthenticated' && cause !== undefined);

const reasonOf = ({ cause, message }: Fault): string => (cause instanceof Error ? cause.message : message);

export class ApiObservation {
  readonly health = new HealthRegistry();
  readonly metrics: Metrics<typeof API_METRICS> = createMetrics('api', API_METRICS);
  readonly logger: Logger;
  readonly tracer: Tracer;

  constructor(logger: Logger, tracer: Tracer = noTracer) {
    this.logger = logger;
    this.tracer = tracer;
  }

  /** Measures a request that was answered, within its log context. */
  answered({ face, route, code, isChange, isAccepted, durationMs }: Answered): void {
    const { requestSeconds, acceptSeconds } = this.metrics.instruments;
    requestSeconds.observe({ face, route, code }, durationMs / 1_000);
    if (isChange && isAccepted) acceptSeconds.observe({ face }, durationMs / 1_000);
    const event = isChange ? 'change.answered' : 'request.answered';
    this.logger.event(event, { face, route, code, durationMs: Math.round(durationMs) });
  }

  /**
   * Notes a fault that leaves through any face: what is ours is logged, and what was refused to somebody who is known;
   * what a quota or a rate limit refused is counted.
   */
  noteFault(fault: Fault, who: Who = {}): void {
    if (fault.code === 'Internal') this.logger.event('request.failed', { err: fault.cause ?? fault });
    if (isRefusal(fault)) this.logger.event('request.refused', { ...who, code: fault.code, reason: reasonOf(fault) });
    if (fault.code === 'RateLimited') this.metrics.instruments.rateLimited.inc({ face: who.face ?? 'none' });
    const { quota } = fault.details;
    if (quota) this.metrics.instruments.quotaRefusals.inc({ scope: quota.scope, metric: quota.metric });
  }
}
