/** What the process tells of itself: health, metrics, logs. */
import type { Fault } from '@compute/domain';
import { API_METRICS, createMetrics, HealthRegistry, type Logger, type Metrics } from '@compute/runtime';

export class ApiObservation {
  readonly health = new HealthRegistry();
  readonly metrics: Metrics<typeof API_METRICS> = createMetrics('api', API_METRICS);
  readonly logger: Logger;

  constructor(logger: Logger) {
    this.logger = logger;
  }

  /** Notes a fault that leaves through any face: what is ours is logged, what a quota refused is counted. */
  noteFault(fault: Fault): void {
    if (fault.code === 'Internal') this.logger.error({ err: fault.cause ?? fault }, 'a request failed');
    const { quota } = fault.details;
    if (quota) this.metrics.instruments.quotaRefusals.inc({ scope: quota.scope, metric: quota.metric });
  }
}
