/** What is measured of a machine, and how long a time one stored row of each level stands for. */

/** Each is a level at an instant or over a span, never a running total. */
export const FIGURES = [
  'cpuCores',
  'memoryBytes',
  'networkReceiveBytesPerSecond',
  'networkTransmitBytesPerSecond',
  'diskReadBytesPerSecond',
  'diskWriteBytesPerSecond',
] as const;
export type Figure = (typeof FIGURES)[number];

/** A figure that nobody measured is absent: it is not 0. */
export type Figures = { readonly [F in Figure]?: number };

/** From the finest to the coarsest. */
export const ROLLUP_LEVELS = ['minute', 'hour', 'day'] as const;
export type RollupLevel = (typeof ROLLUP_LEVELS)[number];
/** `sample`: as it was measured. */
export type PerformanceLevel = 'sample' | RollupLevel;

export const LEVEL_MS: Readonly<Record<RollupLevel, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};
