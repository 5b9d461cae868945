import { describe, expect, it } from 'vitest';
import { API_METRICS, WORKER_METRICS } from './metric-definitions.ts';
import { createMetrics } from './metrics.ts';

describe('metrics', () => {
  it('render what was counted, under the defined name with the service as a label', async () => {
    const metrics = createMetrics('worker', WORKER_METRICS);
    metrics.instruments.reconcileErrors.inc({ kind: 'VMDisk', code: 'Unavailable' });
    expect(await metrics.render()).toContain(
      'compute_reconcile_errors_total{kind="VMDisk",code="Unavailable",service="worker"} 1',
    );
  });

  it('have unique names that begin with the product and end with a unit or a total', () => {
    const definitions = [...Object.values(API_METRICS), ...Object.values(WORKER_METRICS)];
    expect(new Set(definitions.map((metric) => metric.name)).size).toBe(definitions.length);
    for (const { name, type } of definitions) {
      expect(name).toMatch(/^compute_[a-z_]+$/);
      if (type === 'counter') expect(name).toMatch(/_total$/);
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });
});
