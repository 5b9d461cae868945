/** The `Range` header of one range, as RFC 9110 has it. Several ranges at once are answered with the whole, which is allowed. */

export interface ByteRange {
  start: number;
  /** Exclusive. */
  end: number;
}

/** The range asked for, `undefined` when the whole is to be sent, `'unsatisfiable'` when it lies outside. */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | undefined | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') return suffixRange(Number(last), sizeBytes);
  const start = Number(first);
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  return start >= sizeBytes || end <= start ? 'unsatisfiable' : { start, end };
}

function suffixRange(length: number, sizeBytes: number): ByteRange | 'unsatisfiable' {
  if (length === 0) return 'unsatisfiable';
  return { start: Math.max(0, sizeBytes - length), end: sizeBytes };
}
