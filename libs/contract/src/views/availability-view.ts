/** What a report about a range of time says, in seconds. Shares of nothing are absent, never 0 or 1. */
import {
  availabilityOf,
  type ImportOutcomes,
  importSuccessRate,
  type MachineUptime,
  type ReportTotals,
  type ResourceReport,
  type TimeRange,
} from '@compute/domain';

export interface UptimeView {
  readonly upSeconds: number;
  readonly downSeconds: number;
  readonly excludedSeconds: number;
  /** 0 to 1. */
  readonly availability?: number;
  readonly failures: number;
  readonly repairs: number;
  readonly meanTimeToRepairSeconds?: number;
}

export interface ImportOutcomesView extends ImportOutcomes {
  /** 0 to 1. */
  readonly successRate?: number;
}

export interface ResourceReportView {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly phaseSeconds: Readonly<Record<string, number>>;
  readonly uptime?: UptimeView;
  readonly imports?: ImportOutcomesView;
}

export interface AvailabilityView {
  readonly from: string;
  readonly to: string;
  readonly machines: UptimeView & { readonly count: number };
  readonly disks: ImportOutcomesView & { readonly count: number };
  readonly items: readonly ResourceReportView[];
  readonly nextPageToken: string;
}

export interface AvailabilityPage {
  readonly range: TimeRange;
  readonly totals: ReportTotals;
  readonly items: readonly ResourceReport[];
  readonly next?: string;
}

export function availabilityView({ range, totals, items, next = '' }: AvailabilityPage): AvailabilityView {
  return {
    from: range.from.toISOString(),
    to: range.to.toISOString(),
    machines: { count: totals.machines, ...uptimeView(totals.uptime) },
    disks: { count: totals.disks, ...importsView(totals.imports) },
    items: items.map(reportView),
    nextPageToken: next,
  };
}

function reportView({ kind, name, uid, phaseMs, machine, imports }: ResourceReport): ResourceReportView {
  return {
    ...{ kind, name, uid },
    phaseSeconds: Object.fromEntries(Object.entries(phaseMs).map(([phase, ms]) => [phase, seconds(ms)])),
    ...(machine ? { uptime: uptimeView(machine) } : {}),
    ...(imports ? { imports: importsView(imports) } : {}),
  };
}

function uptimeView(uptime: MachineUptime): UptimeView {
  const { upMs, downMs, excludedMs, failures, repairs, repairMs } = uptime;
  const availability = availabilityOf(uptime);
  return {
    upSeconds: seconds(upMs),
    downSeconds: seconds(downMs),
    excludedSeconds: seconds(excludedMs),
    ...(availability === undefined ? {} : { availability }),
    failures,
    repairs,
    ...(repairs === 0 ? {} : { meanTimeToRepairSeconds: seconds(repairMs / repairs) }),
  };
}

function importsView(outcomes: ImportOutcomes): ImportOutcomesView {
  const successRate = importSuccessRate(outcomes);
  return { ...outcomes, ...(successRate === undefined ? {} : { successRate }) };
}

const seconds = (ms: number): number => Math.round(ms) / 1000;
