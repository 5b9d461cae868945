/** The four clusters that one suite runs against: whose API server, and whose controllers of KubeVirt and CDI. */

export const SIDES = ['ours', 'real'] as const;
export type Side = (typeof SIDES)[number];

export interface Combination {
  readonly server: Side;
  readonly controllers: Side;
}

/** All four, from what costs least to what costs most. */
export const COMBINATIONS: readonly Combination[] = [
  { server: 'ours', controllers: 'ours' },
  { server: 'real', controllers: 'ours' },
  { server: 'ours', controllers: 'real' },
  { server: 'real', controllers: 'real' },
];

/** `real/ours`: the server's side first. */
export function nameOf({ server, controllers }: Combination): string {
  return `${server}/${controllers}`;
}

/** Whether the Go programs are needed. */
export function needsPieces({ server, controllers }: Combination): boolean {
  return server === 'real' || controllers === 'real';
}

/** The combination of a name such as `real/ours`. Throws for any other text. */
export function combinationOf(name: string): Combination {
  const found = COMBINATIONS.find((one) => nameOf(one) === name);
  if (found === undefined) throw new Error(`"${name}" is not one of ${COMBINATIONS.map(nameOf).join(', ')}.`);
  return found;
}
