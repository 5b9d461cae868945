import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { METRICS_PAGE, renderMetricsPage } from './metric-tables.ts';

it('docs/metrics.md says what the services export', () => {
  expect(readFileSync(METRICS_PAGE, 'utf8')).toBe(renderMetricsPage());
});
