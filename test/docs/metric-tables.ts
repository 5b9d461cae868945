/** Renders docs/metrics.md from the table of metrics, so that the page cannot disagree with what is exported. */
import { API_METRICS, type MetricDefinitions, WORKER_METRICS } from '@compute/runtime';

export const METRICS_PAGE = new URL('../../docs/metrics.md', import.meta.url);

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function table(definitions: MetricDefinitions): string {
  const rows = Object.values(definitions)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, type, labels, help }) =>
      row([`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), help.replaceAll('|', '\\|')]),
    );
  return [row(['name', 'type', 'labels', 'meaning']), row(['---', '---', '---', '---']), ...rows].join('\n');
}

/** The whole page. */
export function renderMetricsPage(): string {
  return [
    '# Metrics\n',
    'What `/metrics` of each service exports, in the text format of Prometheus. Rendered from `libs/runtime`; write it anew with',
    '`npm run docs`. Names and labels are a public interface: the alerts and the dashboard in `deploy/monitoring` name them, and a test holds',
    'those against this list. How they are used: [monitoring.md](monitoring.md).\n',
    'Every series has the label `service` (`api` or `worker`). No label holds a name that a user chose, apart from the projects of the',
    '`compute_project_*` gauges, of which there are at most `METRICS_PROJECTS` (50 by default) and `_other`. Each service also exports the figures of its',
    'process and of Node (`compute_process_*`, `compute_nodejs_*`).\n',
    'What is "the same in every worker" is read from the database: take the maximum, not the sum. What comes "from the worker that counts',
    'them" is counted by one worker once a minute; the others export nothing of it.\n',
    `## The API\n\n${table(API_METRICS)}\n`,
    `## The worker\n\n${table(WORKER_METRICS)}\n`,
  ].join('\n');
}
