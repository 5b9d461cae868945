/**
 * What binds a published usage event to all events before it. The text is hashed (SHA-256, by whoever publishes and by
 * whoever verifies), so it must be the same in every language: a JSON array in a fixed order, without spaces,
 * dimensions as name/value pairs in the order of their names, times in UTC with milliseconds.
 *
 * A reader could break: any change of this text makes every export that was ever handed out fail its verification.
 */
import type { Kind } from '../resource.ts';
import type { Dimensions, Meter } from './meters.ts';

/** The hash before the first event of a project, in hexadecimal digits. */
export const CHAIN_BEGINNING = '0'.repeat(64);

export interface ChainedFacts {
  readonly chainPosition: string;
  readonly id: string;
  readonly project: string;
  readonly meter: Meter;
  readonly kind: Kind;
  readonly uid: string;
  readonly name: string;
  readonly dimensions: Dimensions;
  readonly from: Date;
  readonly to: Date;
  readonly durationMs: number;
  readonly corrects?: string;
  readonly recordedAt: Date;
}

/** The text whose SHA-256 is the event's `chainHash`. `previousHash` is that of the event before, in hexadecimal digits. */
export function chainText(previousHash: string, event: ChainedFacts): string {
  const { chainPosition, id, project, meter, kind, uid, name, durationMs, corrects } = event;
  const dimensions = Object.entries(event.dimensions).sort(([one], [other]) => (one < other ? -1 : 1));
  const times = [event.from, event.to, event.recordedAt].map((time) => time.toISOString());
  return JSON.stringify([
    ...[previousHash, chainPosition, id, project, meter, kind, uid, name],
    ...[dimensions, ...times, durationMs, corrects ?? null],
  ]);
}
