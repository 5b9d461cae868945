/** The files of deploy/monitoring and docs/runbooks.md, made of the tables of metrics, alerts and objectives. */
import { API_METRICS, type MetricDefinition, type MetricDefinitions, WORKER_METRICS } from '@compute/runtime';
import { ALERTS, type Runbook } from './alerts.ts';
import { BURNS, burnsOf, OBJECTIVES, type Objective, recordOf } from './objectives.ts';

const FOLDER = new URL('../../deploy/monitoring/', import.meta.url);
export const RULES_FILE = new URL('rules.yaml', FOLDER);
export const DASHBOARD_FILE = new URL('dashboard.json', FOLDER);
export const RUNBOOKS_PAGE = new URL('../../docs/runbooks.md', import.meta.url);

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly forMinutes: number;
  readonly severity: string;
  readonly summary: string;
}

const windows = [...new Set(BURNS.flatMap(({ long, short }) => [short, long]))];

function burnRules(objective: Objective): Rule[] {
  const budget = Number((1 - objective.target).toFixed(6));
  return burnsOf(objective).map(({ factor, long, short, severity, suffix }) => {
    const limit = `(${factor} * ${budget})`;
    return {
      alert: `Compute${objective.slo}${suffix}`,
      expr: `${recordOf(objective, long)} > ${limit} and ${recordOf(objective, short)} > ${limit}`,
      forMinutes: 2,
      severity,
      summary: `The objective that ${objective.title} is being missed: its budget burns ${factor} times too fast.`,
    };
  });
}

/** Every alert there is, those of the objectives included. */
export function allRules(): Rule[] {
  return [...OBJECTIVES.flatMap(burnRules), ...ALERTS.map(({ name, ...rest }) => ({ alert: name, ...rest }))];
}

/** Text in quotes as JSON writes it is the same text in YAML. */
const quoted = (text: string): string => JSON.stringify(text);
export const anchorOf = (alert: string): string => alert.toLowerCase();

function ruleText({ alert, expr, forMinutes, severity, summary }: Rule): string {
  return [
    `      - alert: ${alert}`,
    `        expr: ${quoted(expr)}`,
    ...(forMinutes === 0 ? [] : [`        for: ${forMinutes}m`]),
    '        labels:',
    `          severity: ${severity}`,
    '        annotations:',
    `          summary: ${quoted(summary)}`,
    `          runbook: docs/runbooks.md#${anchorOf(alert)}`,
  ].join('\n');
}

export function renderRules(): string {
  const records = OBJECTIVES.flatMap((objective) =>
    windows.map(
      (window) => `      - record: ${recordOf(objective, window)}\n        expr: ${quoted(objective.badShare(window))}`,
    ),
  );
  return [
    '# Rules for Prometheus: recorded shares of what was bad, and alerts. Rendered from test/monitoring; write them anew with `npm run docs`.',
    'groups:',
    '  - name: compute-objectives',
    '    rules:',
    ...records,
    '  - name: compute-alerts',
    '    rules:',
    ...allRules().map(ruleText),
    '',
  ].join('\n');
}

const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');

function runbookText(alert: string, { meaning, look, remedy }: Runbook): string {
  const rule = allRules().find((each) => each.alert === alert);
  const when = `\`${rule?.expr}\`${rule?.forMinutes === 0 ? '' : ` for ${rule?.forMinutes} min`}, severity ${rule?.severity}.`;
  return `## ${alert}\n\n${meaning}\n\nFires: ${when}\n\nLook at\n\n${list(look)}\n\nThen\n\n${list(remedy)}\n`;
}

export function renderRunbooks(): string {
  return [
    '# Runbooks\n',
    'One section for each alert of [deploy/monitoring/rules.yaml](../deploy/monitoring/rules.yaml): what it means, where to look, what to do. Rendered from',
    '`test/monitoring`; write it anew with `npm run docs`. `page` means that somebody gets up, `ticket` that somebody looks tomorrow. The series are explained in',
    '[metrics.md](metrics.md).\n',
    'Alerts of an objective fire when its budget of thirty days burns too fast: over a long window, and still over a short one.\n',
    ...OBJECTIVES.flatMap((objective) =>
      burnsOf(objective).map(({ suffix }) => runbookText(`Compute${objective.slo}${suffix}`, objective.runbook)),
    ),
    ...ALERTS.map(({ name, runbook }) => runbookText(name, runbook)),
  ].join('\n');
}

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
}

function targetsOf({ name, type, labels }: MetricDefinition): Target[] {
  const legend = labels.map((label) => `{{${label}}}`).join(' ');
  const by = (more: readonly string[] = []): string => {
    const all = [...more, ...labels];
    return all.length === 0 ? '' : ` by (${all.join(', ')})`;
  };
  if (type === 'counter') return [{ expr: `sum${by()} (rate(${name}[$__rate_interval]))`, legendFormat: legend }];
  if (type === 'gauge') return [{ expr: `max${by()} (${name})`, legendFormat: legend }];
  return [0.5, 0.95, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum${by(['le'])} (rate(${name}_bucket[$__rate_interval])))`,
    legendFormat: `p${quantile * 100} ${legend}`.trim(),
  }));
}

const PANEL = { width: 8, height: 8, perRow: 3 };

function panelsOf(title: string, definitions: MetricDefinitions, firstId: number, top: number): object[] {
  const row = { id: firstId, type: 'row', title, collapsed: false, gridPos: { x: 0, y: top, w: 24, h: 1 }, panels: [] };
  const panels = Object.values(definitions).map((metric, index) => ({
    id: firstId + 1 + index,
    type: 'timeseries',
    title: metric.name,
    description: metric.help,
    datasource: { type: 'prometheus', uid: '$datasource' },
    fieldConfig: {
      defaults: { unit: metric.name.endsWith('timestamp_seconds') ? 'dateTimeFromNow' : unitOf(metric) },
      overrides: [],
    },
    gridPos: {
      x: (index % PANEL.perRow) * PANEL.width,
      y: top + 1 + Math.floor(index / PANEL.perRow) * PANEL.height,
      w: PANEL.width,
      h: PANEL.height,
    },
    targets: targetsOf(metric).map((target, at) => ({ ...target, refId: 'ABC'[at] })),
  }));
  return [row, ...panels];
}

const unitOf = ({ name, type }: MetricDefinition): string =>
  type === 'counter' ? 'ops' : name.endsWith('_seconds') ? 's' : 'short';

/** One panel for each metric, so that what is exported is seen. */
export function renderDashboard(): string {
  const api = panelsOf('API', API_METRICS, 1, 0);
  const apiHeight = 1 + Math.ceil((api.length - 1) / PANEL.perRow) * PANEL.height;
  const dashboard = {
    uid: 'compute-control-plane',
    title: 'Compute control plane',
    description: 'Rendered from the table of metrics; write it anew with npm run docs.',
    schemaVersion: 39,
    editable: false,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' }] },
    panels: [...api, ...panelsOf('Worker', WORKER_METRICS, api.length + 1, apiHeight)],
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}
