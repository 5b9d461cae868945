/** What the process tells of itself: health, metrics, logs. */
import { API_METRICS, createMetrics, HealthRegistry, type Logger, type Metrics } from '@compute/runtime';

export class ApiObservation {
  readonly health = new HealthRegistry();
  readonly metrics: Metrics<typeof API_METRICS> = createMetrics('api', API_METRICS);
  readonly logger: Logger;

  constructor(logger: Logger) {
    this.logger = logger;
  }
}
