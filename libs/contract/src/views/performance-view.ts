/** What a machine used over time. Every figure is named in every point: null says that nobody measured it. */
import { FIGURES, type Figure, type FigureSpread, type PerformancePoint, type PerformanceRange } from '@compute/domain';

export type PerformancePointView = { readonly at: string } & { readonly [F in Figure]: FigureSpread | null };

export interface PerformanceFacts {
  readonly project: string;
  readonly name: string;
  readonly uid: string;
  readonly range: PerformanceRange;
  readonly points: readonly PerformancePoint[];
}

export interface PerformanceView {
  readonly project: string;
  readonly name: string;
  readonly uid: string;
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  readonly points: readonly PerformancePointView[];
}

export function performanceView({ project, name, uid, range, points }: PerformanceFacts): PerformanceView {
  return {
    ...{ project, name, uid },
    from: range.from.toISOString(),
    to: range.to.toISOString(),
    stepSeconds: range.stepMs / 1_000,
    points: points.map(pointView),
  };
}

function pointView({ at, figures = {} }: PerformancePoint): PerformancePointView {
  const spreads = FIGURES.map((figure) => [figure, figures[figure] ?? null]);
  return { at: at.toISOString(), ...Object.fromEntries(spreads) };
}
