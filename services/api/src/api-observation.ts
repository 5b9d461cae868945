/** What the process tells of itself: health, metrics, logs. */
import type { Fault } from '@compute/domain';
import { API_METRICS, createMetrics, HealthRegistry, type Logger, type Metrics } from '@compute/runtime';

/** Who asked, as far as that is known. */
export interface Who {
  readonly actor?: string;
  readonly face?: string;
  readonly address?: string;
}

/** Strangers without a key that we know could fill the log. */
const isRefusal = ({ code, cause }: Fault): boolean =>
  code === 'PermissionDenied' || (code === 'Unauthenticated' && cause !== undefined);

const reasonOf = ({ cause, message }: Fault): string => (cause instanceof Error ? cause.message : message);

export class ApiObservation {
  readonly health = new HealthRegistry();
  readonly metrics: Metrics<typeof API_METRICS> = createMetrics('api', API_METRICS);
  readonly logger: Logger;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  /**
   * Notes a fault that leaves through any face: what is ours is logged, and what was refused to somebody who is known;
   * what a quota refused is counted.
   */
  noteFault(fault: Fault, who: Who = {}): void {
    if (fault.code === 'Internal') this.logger.error({ err: fault.cause ?? fault }, 'a request failed');
    if (isRefusal(fault))
      this.logger.warn({ ...who, code: fault.code, reason: reasonOf(fault) }, 'a request was refused');
    const { quota } = fault.details;
    if (quota) this.metrics.instruments.quotaRefusals.inc({ scope: quota.scope, metric: quota.metric });
  }
}
