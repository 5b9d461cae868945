/** Kubernetes quantities as plain numbers. Only for sizes and CPU counts that fit a double exactly enough to compare and show. */

const BINARY: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 };
const DECIMAL: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
};

/** The number that a quantity stands for (bytes, cores); NaN when it is no quantity. */
export function parseQuantity(text: string | number): number {
  const match = /^([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)([A-Za-z]*)$/.exec(String(text).trim());
  if (match === null) return Number.NaN;
  const [, number = '', suffix = ''] = match;
  return Number(number) * (BINARY[suffix] ?? DECIMAL[suffix] ?? Number.NaN);
}

/** A size in whole bytes, rounded up. */
export function parseBytes(text: string | number): number {
  return Math.ceil(parseQuantity(text));
}

/** Bytes as the shortest exact binary quantity: `2Gi`, `1536Mi`, `1000`. */
export function formatBytes(bytes: number): string {
  for (const suffix of ['Ti', 'Gi', 'Mi', 'Ki']) {
    const unit = BINARY[suffix] ?? 1;
    if (bytes >= unit && bytes % unit === 0) return `${bytes / unit}${suffix}`;
  }
  return String(bytes);
}
