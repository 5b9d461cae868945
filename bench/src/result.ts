/** One measured ratio against its goal: as a JSON line for machines and as a row of a table for people. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import type { Ratio } from './pairs.ts';

export interface Goal {
  /** `G1`, as in the table of goals. */
  readonly goal: string;
  readonly name: string;
  readonly better: 'lower' | 'higher';
  readonly floor: number;
  readonly target: number;
  /** What the ratio is taken against. */
  readonly against: string;
  /** Of the two medians behind the ratio: `creates/s`, `ms`. */
  readonly unit: string;
}

export type Measured = Goal & Ratio & { readonly verdict: 'target met' | 'floor met' | 'floor missed' };

export interface Circumstances {
  readonly machine: string;
  readonly date: string;
  readonly commit: string;
}

export function judge(goal: Goal, ratio: Ratio): Measured {
  const meets = (limit: number) => (goal.better === 'higher' ? ratio.ratio >= limit : ratio.ratio <= limit);
  const verdict = meets(goal.target) ? 'target met' : meets(goal.floor) ? 'floor met' : 'floor missed';
  return { ...goal, ...ratio, verdict };
}

export function circumstances(root: string): Circumstances {
  const [cpu] = cpus();
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return {
    machine: `${cpus().length} x ${cpu?.model.trim() ?? process.arch}, ${memoryGib} GiB, Node ${process.versions.node}`,
    date: new Date().toISOString(),
    commit: commitOf(root),
  };
}

/** With `+changes` when the checkout differs from the commit. */
function commitOf(root: string): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+changes');
  } catch {
    return 'unknown';
  }
}

/** One JSON object, figures rounded to four digits. */
export function lineOf(measured: Measured, around: Circumstances): string {
  const rounded = Object.entries({ ...measured, ...around }).map(([key, value]) => [
    key,
    typeof value === 'number' ? Number(value.toPrecision(4)) : value,
  ]);
  return JSON.stringify(Object.fromEntries(rounded));
}

const COLUMNS = [
  'goal',
  'name',
  'ratio',
  'min - max',
  'floor',
  'target',
  'verdict',
  'ours',
  'beside',
  'CPU us/op',
] as const;

export function tableOf(results: readonly Measured[]): string {
  const rows = [COLUMNS as readonly string[], ...results.map(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cellsOf(result: Measured): string[] {
  const sign = result.better === 'higher' ? '>=' : '<=';
  const short = (value: number) => String(Number(value.toPrecision(3)));
  return [
    result.goal,
    result.name,
    short(result.ratio),
    `${short(result.min)} - ${short(result.max)}`,
    `${sign} ${result.floor}`,
    `${sign} ${result.target}`,
    result.verdict,
    `${short(result.ours)} ${result.unit}`,
    `${short(result.beside)} ${result.unit} (${result.against})`,
    short(result.cpuMicrosPerOp),
  ];
}
