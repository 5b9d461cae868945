/**
 * What travels through the queue: the name of a resource to look at, never a change to it.
 *
 * Whoever processes a poke reads the desired state at that moment, so pokes may be merged, repeated, reordered or
 * lost (the sweep over due rows finds what was lost). Putting state in here would break all four.
 */
import type { Kind } from '@compute/domain';

export interface Poke {
  readonly kind: Kind;
  readonly uid: string;
  /** W3C trace context of the request that caused it; of merged pokes one survives. */
  readonly traceparent?: string;
}

/** The key by which pokes are merged: one active and at most one waiting for each. */
export function pokeKey(poke: Pick<Poke, 'kind' | 'uid'>): string {
  return `${poke.kind}:${poke.uid}`;
}
