/**
 * Service level objectives, and how fast their error budget of thirty days may burn: at 14.4 times the speed it is gone in two days
 * (somebody is woken), at 6 times in five (somebody looks). Each needs a long and a short window, so that an alert
 * neither fires for a blip nor lasts after the end.
 */
import { API_METRICS, WORKER_METRICS } from '@compute/runtime';
import type { Runbook } from './alerts.ts';

export interface Objective {
  readonly slo: string;
  readonly title: string;
  /** Share that must be good. */
  readonly target: number;
  /** Share that was bad over a window such as `5m`. */
  readonly badShare: (window: string) => string;
  readonly runbook: Runbook;
  /** Series of bad times, as promtool reads them. */
  readonly bad: Readonly<Record<string, string>>;
  readonly good: Readonly<Record<string, string>>;
}

/** Share of observations above one of the histogram's own bounds, in seconds. */
function slowerThan(metric: { readonly name: string; readonly buckets: readonly number[] }, seconds: number) {
  if (!metric.buckets.includes(seconds)) throw new Error(`${metric.name} has no bucket for ${seconds} s`);
  const quick = (window: string) => `sum(rate(${metric.name}_bucket{le="${seconds}"}[${window}]))`;
  const all = (window: string) => `sum(rate(${metric.name}_count[${window}]))`;
  return (window: string): string => `1 - (${quick(window)} / ${all(window)})`;
}

/** Counts a minute of a histogram: how many, and how many of them within the bound. */
function histogramSeries(name: string, seconds: number, all: number, quick: number): Record<string, string> {
  return { [`${name}_count`]: `0+${all}x480`, [`${name}_bucket{le="${seconds}"}`]: `0+${quick}x480` };
}

const requests = `${API_METRICS.requestSeconds.name}_count`;
const SERVER_ERRORS = '5..|INTERNAL|UNAVAILABLE|UNKNOWN|DATA_LOSS';
const imports = `${WORKER_METRICS.importSeconds.name}_count`;

export const OBJECTIVES: readonly Objective[] = [
  {
    slo: 'Availability',
    title: '99.9 % of requests do not fail for reasons of ours',
    target: 0.999,
    badShare: (window) =>
      `(sum(rate(${requests}{code=~"${SERVER_ERRORS}"}[${window}])) or vector(0)) / sum(rate(${requests}[${window}]))`,
    runbook: {
      meaning: 'Requests fail with 5xx, or the codes of gRPC that mean the same.',
      look: [
        '`sum by (face, route, code) (rate(compute_request_duration_seconds_count[5m]))`',
        '`/readyz` of the API: is the database away?',
        'the line "a request failed" in its log',
      ],
      remedy: ['Bring the database back, or take back the last release.'],
    },
    bad: { [`${requests}{code="500"}`]: '0+10x480', [`${requests}{code="200"}`]: '0+90x480' },
    good: { [`${requests}{code="200"}`]: '0+100x480' },
  },
  {
    slo: 'Accept',
    title: '99 % of changes are accepted within a quarter of a second',
    target: 0.99,
    badShare: slowerThan(API_METRICS.acceptSeconds, 0.25),
    runbook: {
      meaning: 'Changes are accepted too slowly.',
      look: [
        '`compute_requests_in_flight`, the CPU of the API processes (`compute_process_cpu_seconds_total`)',
        'the database: its CPU, its disk, locks that are waited for (`pg_stat_activity`)',
      ],
      remedy: ['More API processes when they are busy; a larger or quieter database when that is.'],
    },
    bad: histogramSeries(API_METRICS.acceptSeconds.name, 0.25, 100, 50),
    good: histogramSeries(API_METRICS.acceptSeconds.name, 0.25, 100, 100),
  },
  {
    slo: 'Start',
    title: '95 % of machines run within five minutes of their acceptance',
    target: 0.95,
    badShare: slowerThan(WORKER_METRICS.acceptedToRunningSeconds, 300),
    runbook: {
      meaning: 'New machines come up too slowly. Waiting for disks that are being imported counts.',
      look: [
        '`compute_phase_duration_seconds{kind="VMInstance"}`: in which phase do they wait?',
        '`compute_import_duration_seconds`, `compute_outbox_oldest_age_seconds`',
        'in the cluster: room on the nodes, slow image pulls, slow storage',
      ],
      remedy: ['`Pending` or `Provisioning`: imports or storage. `Starting`: nodes. Else see ComputeOutboxStuck.'],
    },
    bad: histogramSeries(WORKER_METRICS.acceptedToRunningSeconds.name, 300, 10, 1),
    good: histogramSeries(WORKER_METRICS.acceptedToRunningSeconds.name, 300, 10, 10),
  },
  {
    slo: 'Import',
    title: '90 % of imports succeed',
    target: 0.9,
    badShare: (window) =>
      `(sum(rate(${imports}{outcome="Failed"}[${window}])) or vector(0)) / sum(rate(${imports}[${window}]))`,
    runbook: {
      meaning: 'More imports fail than wrong addresses of users explain.',
      look: [
        '`compute_source_probes_total{outcome}`',
        'the lines with `code` of failed disks in the log of the workers, and [failures.md](failures.md)',
      ],
      remedy: [
        'Sources that cannot be reached: the way out of the cluster (DNS, proxy, firewall). Storage that is full: make room.',
      ],
    },
    bad: { [`${imports}{outcome="Failed"}`]: '0+10x480', [`${imports}{outcome="Ready"}`]: '0+1x480' },
    good: { [`${imports}{outcome="Ready"}`]: '0+10x480' },
  },
  {
    slo: 'Feed',
    title: '99 % of changes reach watches within a second',
    target: 0.99,
    badShare: slowerThan(API_METRICS.feedLagSeconds, 1),
    runbook: {
      meaning: 'Watches hear of changes too late.',
      look: [
        '`compute_watchers`, the CPU of the API processes',
        'transactions that stay open in the database (`pg_stat_activity`): the feed waits for every writer',
      ],
      remedy: [
        'End the transaction that hangs; it is ended after 30 s by itself. More API processes when they are busy.',
      ],
    },
    bad: histogramSeries(API_METRICS.feedLagSeconds.name, 1, 100, 20),
    good: histogramSeries(API_METRICS.feedLagSeconds.name, 1, 100, 100),
  },
];

export interface Burn {
  readonly factor: number;
  readonly long: string;
  readonly short: string;
  readonly severity: 'page' | 'ticket';
  readonly suffix: string;
}

/** An objective with a small budget of time cannot burn it faster than all of it: 0.9 at 14.4 would never fire. */
export const BURNS: readonly Burn[] = [
  { factor: 14.4, long: '1h', short: '5m', severity: 'page', suffix: 'BurnsFast' },
  { factor: 6, long: '6h', short: '30m', severity: 'ticket', suffix: 'BurnsSlowly' },
];

/** The burns that an objective can reach. */
export const burnsOf = ({ target }: Objective): readonly Burn[] =>
  BURNS.filter(({ factor }) => factor * (1 - target) < 1);

/** The recorded share of one window. */
export const recordOf = ({ slo }: Objective, window: string): string =>
  `compute:slo_bad_${slo.toLowerCase()}:ratio_rate${window}`;
