/** The identity of a request for idempotency: the same wish gives the same hash, however its text was laid out. */
import { createHash } from 'node:crypto';

/** SHA-256 over data with its keys in order. */
export function requestHash(...parts: readonly unknown[]): Uint8Array {
  return createHash('sha256').update(JSON.stringify(parts, sortKeys)).digest();
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
