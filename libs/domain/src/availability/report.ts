/** What the records of many resources say together. Pure. */
import type { Kind } from '../resource.ts';
import { type ImportOutcomes, importOutcomes } from './import-outcomes.ts';
import { type LifeRecord, stretchesOf, type TimeRange, timeInPhases } from './lifetime.ts';
import { type MachineUptime, machineUptime } from './machine-uptime.ts';

/** One resource over a range. `machine` for machines, `imports` for disks. */
export interface ResourceReport {
  readonly kind: Kind;
  readonly uid: string;
  readonly name: string;
  /** Milliseconds in each phase. */
  readonly phaseMs: Readonly<Record<string, number>>;
  readonly machine?: MachineUptime;
  readonly imports?: ImportOutcomes;
}

export interface ReportTotals {
  readonly machines: number;
  readonly uptime: MachineUptime;
  readonly disks: number;
  readonly imports: ImportOutcomes;
}

/** `range.to` is not later than what the lines tell. */
export function reportOf({ kind, uid, name, lines }: LifeRecord, range: TimeRange): ResourceReport {
  const stretches = stretchesOf(lines, range.from, range.to);
  const phaseMs = timeInPhases(stretches, range);
  return kind === 'VMInstance'
    ? { kind, uid, name, phaseMs, machine: machineUptime(stretches, range) }
    : { kind, uid, name, phaseMs, imports: importOutcomes(stretches, range) };
}

export function totalsOf(reports: readonly ResourceReport[]): ReportTotals {
  const uptimes = reports.flatMap(({ machine }) => machine ?? []);
  const imports = reports.flatMap((report) => report.imports ?? []);
  return {
    machines: uptimes.length,
    uptime: summed(uptimes, { upMs: 0, downMs: 0, excludedMs: 0, failures: 0, repairs: 0, repairMs: 0 }),
    disks: imports.length,
    imports: summed(imports, { succeeded: 0, failed: 0, cancelled: 0 }),
  };
}

function summed<T extends object>(all: readonly T[], zero: T): T {
  const keys = Object.keys(zero) as (keyof T)[];
  const sum = (key: keyof T): number => all.reduce((total, one) => total + Number(one[key]), 0);
  return Object.fromEntries(keys.map((key) => [key, sum(key)])) as T;
}
