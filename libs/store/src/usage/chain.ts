/** Gives events their places: in the public feed and in the chain of their project. Pure. */
import { createHash } from 'node:crypto';
import { CHAIN_BEGINNING, type ChainedFacts, chainText } from '@compute/domain';

/** The end of a chain: how many events it has and the hash of the last, in hexadecimal digits. */
export interface ChainEnd {
  readonly position: number;
  readonly hash: string;
}

export type Unchained = Omit<ChainedFacts, 'chainPosition'>;

export interface Link extends ChainEnd {
  readonly id: string;
}

export const EMPTY_CHAIN: ChainEnd = { position: 0, hash: CHAIN_BEGINNING };

/** Chains the events in their order. Answers with a link for each, and with the ends of the chains that grew. */
export function chainAll(
  ends: ReadonlyMap<string, ChainEnd>,
  events: readonly Unchained[],
): { readonly links: readonly Link[]; readonly ends: ReadonlyMap<string, ChainEnd> } {
  const grown = new Map<string, ChainEnd>();
  const links = events.map((event): Link => {
    const end = grown.get(event.project) ?? ends.get(event.project) ?? EMPTY_CHAIN;
    const position = end.position + 1;
    const text = chainText(end.hash, { ...event, chainPosition: String(position) });
    const next = { position, hash: createHash('sha256').update(text).digest('hex') };
    grown.set(event.project, next);
    return { id: event.id, ...next };
  });
  return { links, ends: grown };
}
