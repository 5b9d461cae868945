/** Unit tests for promtool: each alert fires in its case, and none fires when everything is well. */
import { ALERTS } from './alerts.ts';
import { burnsOf, OBJECTIVES } from './objectives.ts';
import { allRules, anchorOf } from './rendered.ts';

type Series = Readonly<Record<string, string>>;

const seriesOf = (series: Series) => Object.entries(series).map(([selector, values]) => ({ series: selector, values }));

function cases() {
  const burning = OBJECTIVES.flatMap((objective) =>
    burnsOf(objective).map(({ suffix }) => ({
      alert: `Compute${objective.slo}${suffix}`,
      series: objective.bad,
      minutes: 400,
    })),
  );
  return [
    ...burning,
    ...ALERTS.map(({ name, fires }) => ({ alert: name, series: fires.series, minutes: fires.firesAfterMinutes })),
  ];
}

/** Other alerts may fire in a case as well: only the one that it is about is asked for, in the series `ALERTS`. */
export function promtoolTests(rulesFile: string): string {
  const fires = cases().map(({ series, alert, minutes }) => ({
    name: alert,
    interval: '1m',
    input_series: seriesOf(series),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) > bool 0`,
        eval_time: `${minutes}m`,
        exp_samples: [{ labels: '{}', value: 1 }],
      },
    ],
  }));
  const quiet = {
    name: 'all is well',
    interval: '1m',
    input_series: seriesOf({
      ...Object.assign({}, ...OBJECTIVES.map(({ good }) => good)),
      'compute_requests_in_flight{service="api"}': '1x480',
      'compute_outbox_depth{service="worker"}': '0x480',
      'compute_outbox_oldest_age_seconds{service="worker"}': '0x480',
      'compute_stuck_deletions{service="worker",kind="VMDisk"}': '0x480',
      'compute_quota_differences_total{service="worker"}': '0x480',
      'compute_last_sample_timestamp_seconds{service="worker"}': '0+60x480',
    }),
    promql_expr_test: [{ expr: 'ALERTS', eval_time: '400m', exp_samples: [] }],
  };
  return JSON.stringify({ rule_files: [rulesFile], evaluation_interval: '1m', tests: [...fires, quiet] });
}

export const alertNames = (): string[] => allRules().map(({ alert }) => alert);
export const casedAlerts = (): string[] => cases().map(({ alert }) => alert);
export { anchorOf };
