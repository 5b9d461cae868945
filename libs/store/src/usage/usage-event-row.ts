/** A row of `usage_event` and what the store gives out of it. */
import type { Dimensions, Kind, Meter, UsageEvent } from '@compute/domain';

export interface UsageEventRow {
  readonly id: string;
  readonly position: number;
  readonly chain_position: number;
  readonly chain_hash: Buffer;
  readonly project: string;
  readonly meter: Meter;
  readonly uid: string;
  readonly kind: Kind;
  readonly name: string;
  readonly dimensions: Dimensions;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly duration_ms: number;
  readonly corrects: string | null;
  readonly recorded_at: Date;
}

/** What an event is, wherever it stands. */
export type UsageFactsRow = Omit<UsageEventRow, 'position' | 'chain_position' | 'chain_hash'>;

export const FACT_COLUMNS =
  'id, project, meter, uid, kind, name, dimensions, from_at, to_at, duration_ms, corrects, recorded_at';

export function factsOf(row: UsageFactsRow): Omit<UsageEvent, 'position' | 'chainPosition' | 'chainHash'> {
  const { id, project, meter, uid, kind, name, dimensions } = row;
  return {
    ...{ id, project, meter, uid, kind, name, dimensions },
    ...{ from: row.from_at, to: row.to_at, durationMs: row.duration_ms, recordedAt: row.recorded_at },
    ...(row.corrects === null ? {} : { corrects: row.corrects }),
  };
}

export function eventOf(row: UsageEventRow): UsageEvent {
  return {
    ...factsOf(row),
    position: String(row.position),
    chainPosition: String(row.chain_position),
    chainHash: row.chain_hash.toString('hex'),
  };
}
