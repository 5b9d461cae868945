/**
 * Kubernetes quantities (`20Gi`, `500M`, `0.5`), as far as sizes and CPUs need them. Sizes become whole MiB, rounded
 * up, so that neither a quota nor a bill ever sees a fraction; users see GiB.
 */

const BINARY: Record<string, bigint> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
  Ei: 1n << 60n,
};
const DECIMAL: Record<string, bigint> = {
  '': 1n,
  k: 10n ** 3n,
  M: 10n ** 6n,
  G: 10n ** 9n,
  T: 10n ** 12n,
  P: 10n ** 15n,
  E: 10n ** 18n,
};
const MIB = 1n << 20n;

const QUANTITY = /^\+?(\d{1,18})(?:\.(\d{1,9}))?(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E)?$/;

/** Bytes of a size quantity, rounded up; undefined when the text is not one. */
export function parseQuantityBytes(text: string): bigint | undefined {
  const match = QUANTITY.exec(text);
  if (!match) return undefined;
  const [, whole = '0', fraction = '', suffix = ''] = match;
  const unit = BINARY[suffix] ?? DECIMAL[suffix];
  if (unit === undefined) return undefined;
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(whole + fraction) * unit;
  return (scaled + scale - 1n) / scale;
}

/** Whole MiB of a size quantity, rounded up; undefined when the text is not one or is beyond exact numbers. */
export function parseQuantityMib(text: string): number | undefined {
  const bytes = parseQuantityBytes(text);
  if (bytes === undefined) return undefined;
  const mib = (bytes + MIB - 1n) / MIB;
  return mib > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(mib);
}

/** A whole, positive number of CPUs; undefined for anything else (a guest cannot have half a CPU). */
export function parseCpuCount(text: string): number | undefined {
  return /^[1-9]\d{0,3}$/.test(text) ? Number(text) : undefined;
}

export function gibOf(mib: number): number {
  return mib / 1024;
}

const SIZE_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** A number of bytes as people read sizes: `2.25 GiB`. At most two decimals. */
export function sizeText(bytes: number): string {
  const power = Math.min(SIZE_UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  return `${Math.round((bytes / 1024 ** power) * 100) / 100} ${SIZE_UNITS[power]}`;
}
