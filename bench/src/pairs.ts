/**
 * Compares two ways of doing the same work so that the figure means something on a busy machine: short windows of ours and
 * of what stands beside it, one after the other, and the ratio of each pair.
 *
 * A reader could break: the order within a pair alternates, because the second window finds warmer caches.
 */

/** What one window did. */
export interface Sample {
  /** Operations a second, or a time: whatever the two windows have in common. */
  readonly value: number;
  readonly operations: number;
  /** CPU time of all processes that took part, in microseconds; 0 when it cannot be told. */
  readonly cpuMicros: number;
}

export interface Ratio {
  /** Median of ours / beside over the pairs. */
  readonly ratio: number;
  readonly min: number;
  readonly max: number;
  readonly pairs: number;
  /** Median of our windows. */
  readonly ours: number;
  readonly beside: number;
  /** Of our windows. */
  readonly cpuMicrosPerOp: number;
}

export interface Contest {
  readonly pairs: number;
  readonly ours: () => Promise<Sample>;
  readonly beside: () => Promise<Sample>;
}

/** Runs one pair that does not count, then the pairs. */
export async function compare(contest: Contest): Promise<Ratio> {
  await contest.beside();
  await contest.ours();
  const ours: Sample[] = [];
  const beside: Sample[] = [];
  for (let pair = 0; pair < contest.pairs; pair += 1) {
    if (pair % 2 === 0) ours.push(await contest.ours());
    beside.push(await contest.beside());
    if (pair % 2 === 1) ours.push(await contest.ours());
  }
  return ratioOf(ours, beside);
}

export function ratioOf(ours: readonly Sample[], beside: readonly Sample[]): Ratio {
  const ratios = ours.map((sample, index) => sample.value / (beside[index]?.value ?? Number.NaN));
  return {
    ratio: median(ratios),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
    pairs: ratios.length,
    ours: median(ours.map(({ value }) => value)),
    beside: median(beside.map(({ value }) => value)),
    cpuMicrosPerOp: cpuMicrosPerOp(ours),
  };
}

/** Of all the windows together; 0 when nothing was done. */
export function cpuMicrosPerOp(samples: readonly Sample[]): number {
  const operations = samples.reduce((sum, sample) => sum + sample.operations, 0);
  const cpuMicros = samples.reduce((sum, sample) => sum + sample.cpuMicros, 0);
  return operations === 0 ? 0 : cpuMicros / operations;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
