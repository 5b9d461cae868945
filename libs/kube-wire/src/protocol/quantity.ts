/** Kubernetes quantities (`1Gi`, `500m`, `2e3`) as numbers, and back in the form quotas are printed. */

const binary: Record<string, number> = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 };
const decimal: Record<string, number> = { n: -3, u: -2, m: -1, '': 0, k: 1, M: 2, G: 3, T: 4, P: 5, E: 6 };

/** The value in base units; undefined when the text is no quantity. */
export function parseQuantity(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const parsed = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d+))?$/.exec(value);
  if (parsed === null) return undefined;
  const [, digits = '', binarySuffix, decimalSuffix = '', exponent] = parsed;
  const number = Number(digits);
  if (binarySuffix !== undefined) return number * 1024 ** (binary[binarySuffix] ?? 0);
  if (exponent !== undefined) return number * 10 ** Number(exponent);
  const power = decimal[decimalSuffix] ?? 0;
  // Dividing keeps 100m exact where multiplying by 0.001 would not.
  return power < 0 ? number / 1000 ** -power : number * 1000 ** power;
}

/** The canonical text of a sum: the largest suffix of the same family that leaves a whole number. */
export function formatQuantity(value: number, like: 'binary' | 'decimal'): string {
  if (!Number.isInteger(value)) return `${Math.round(value * 1000)}m`;
  if (value === 0) return '0';
  const step = like === 'binary' ? 1024 : 1000;
  const suffixes = like === 'binary' ? ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] : ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  let scaled = value;
  let at = 0;
  while (scaled % step === 0 && at < suffixes.length - 1) {
    scaled /= step;
    at++;
  }
  return `${scaled}${suffixes[at]}`;
}
