/**
 * What machines used over time: samples, rolled up to minutes, hours and days. Rolling up makes the newest rows anew from
 * the finer level, so it may be repeated, interrupted and run twice without counting anything double.
 */
import {
  FIGURES,
  type Figure,
  type FigureSpread,
  type Figures,
  LEVEL_MS,
  type MeasuredPoint,
  type PerformanceLevel,
  type PerformanceRange,
  type RollupLevel,
  type VmPhase,
} from '@compute/domain';
import type pg from 'pg';
import { countOf, rowsOf } from '../connection.ts';
import {
  FIGURE_COLUMNS,
  LATEST,
  LEVEL_TABLES,
  rangeStatement,
  rolledStatement,
  rollStatement,
  WRITE_SAMPLES,
} from './columns.ts';

/** Samples come late: clusters say when they measured, which is before we asked. */
const LATE_MS = 5 * 60_000;

export interface PerformanceSample {
  readonly uid: string;
  readonly at: Date;
  readonly figures: Figures;
}

export interface LatestQuery {
  readonly project: string;
  readonly withinMs: number;
  readonly phases: readonly VmPhase[];
  readonly name?: string;
}

/** A machine with its newest sample. */
export interface LatestPerformance {
  readonly project: string;
  readonly uid: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  readonly at: Date;
  readonly figures: Figures;
}

type FigureRow = Readonly<Record<string, number | null>>;
type PointRow = { readonly at: Date };
interface LatestRow {
  readonly project: string;
  readonly uid: string;
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly created_at: Date;
  readonly at: Date;
}

export class PerformanceRecords {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Many at once; those of machines that do not exist are left out. Returns how many were new. */
  async write(samples: readonly PerformanceSample[]): Promise<number> {
    if (samples.length === 0) return 0;
    const figures = FIGURES.map((figure) => samples.map((sample) => sample.figures[figure] ?? null));
    return countOf(this.#pool, WRITE_SAMPLES, [samples.map(({ uid }) => uid), samples.map(({ at }) => at), ...figures]);
  }

  /** Brings a level up to what the finer one holds; its newest row may be of a span that still runs. Returns the rows made. */
  async roll(level: RollupLevel): Promise<number> {
    const [row] = await rowsOf<{ since: Date | null }>(this.#pool, rolledStatement(level), []);
    if (!row?.since) return 0;
    const lengthMs = LEVEL_MS[level];
    const from = new Date(Math.floor((row.since.getTime() - LATE_MS) / lengthMs) * lengthMs);
    return countOf(this.#pool, rollStatement(level), [from, lengthMs / 1_000]);
  }

  /** The steps of the range that were measured, in order. */
  async range(uid: string, { from, to, stepMs, level }: PerformanceRange): Promise<MeasuredPoint[]> {
    const rows = await rowsOf<PointRow>(this.#pool, rangeStatement(level), [from, stepMs / 1_000, to, uid]);
    return rows.map((row) => ({ at: row.at, figures: spreadsOf(row as unknown as FigureRow) }));
  }

  /** Machines of a project (one, where it is named) in some phases that were measured within `withinMs`, by name. */
  async latest({ project, withinMs, phases, name }: LatestQuery): Promise<LatestPerformance[]> {
    const values = [project, name ?? null, withinMs / 1_000, phases];
    const rows = await rowsOf<LatestRow>(this.#pool, LATEST, values);
    return rows.map((row) => ({
      project: row.project,
      uid: row.uid,
      name: row.name,
      labels: row.labels,
      createdAt: row.created_at,
      at: row.at,
      figures: figuresOf(row as unknown as FigureRow),
    }));
  }

  /** Drops what lies wholly before the given times. Returns how many partitions. */
  async drop(before: Readonly<Record<PerformanceLevel, Date>>): Promise<number> {
    let dropped = 0;
    for (const [level, time] of Object.entries(before) as [PerformanceLevel, Date][]) {
      const statement = { text: 'select drop_performance_partitions($1, $2) as dropped' };
      const [row] = await rowsOf<{ dropped: number }>(this.#pool, statement, [LEVEL_TABLES[level], time]);
      dropped += row?.dropped ?? 0;
    }
    return dropped;
  }
}

function figuresOf(row: FigureRow): Figures {
  const measured = FIGURES.map((figure) => [figure, row[FIGURE_COLUMNS[figure]]] as const);
  return Object.fromEntries(measured.filter((entry): entry is [Figure, number] => typeof entry[1] === 'number'));
}

function spreadsOf(row: FigureRow): MeasuredPoint['figures'] {
  const spreads = FIGURES.flatMap((figure): [Figure, FigureSpread][] => {
    const average = row[FIGURE_COLUMNS[figure]];
    const maximum = row[`${FIGURE_COLUMNS[figure]}_max`];
    return typeof average === 'number' && typeof maximum === 'number' ? [[figure, { average, maximum }]] : [];
  });
  return Object.fromEntries(spreads);
}
