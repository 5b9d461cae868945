/** Usage events as CloudEvents 1.0 in JSON, and the sums of a span of time. */
import type { Dimensions, Kind, Meter, UsageEvent, UsageSummaryRow } from '@compute/domain';

export interface UsageEventData {
  readonly project: string;
  readonly meter: Meter;
  readonly kind: Kind;
  readonly uid: string;
  readonly name: string;
  readonly dimensions: Dimensions;
  readonly from: string;
  readonly to: string;
  /** Negative on a correction. */
  readonly durationMs: number;
  /** Id of the event that this one corrects. */
  readonly corrects?: string;
}

export interface UsageCloudEvent {
  readonly specversion: '1.0';
  /** Deterministic: the same interval always has the same id. */
  readonly id: string;
  readonly source: string;
  readonly type: 'compute.usage.v1';
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Place in the feed, consecutive; decimal digits. */
  readonly sequence: string;
  /** Place in the chain of its project, consecutive; decimal digits. */
  readonly chainposition: string;
  /** SHA-256 that binds the event to all events of its project before it; hexadecimal digits. */
  readonly chainhash: string;
  readonly data: UsageEventData;
}

export function usageCloudEvent(event: UsageEvent): UsageCloudEvent {
  const { project, meter, kind, uid, name, dimensions, from, to, durationMs, corrects } = event;
  return {
    specversion: '1.0',
    id: event.id,
    source: `/v1/projects/${project}`,
    type: 'compute.usage.v1',
    subject: `${kind}/${name}`,
    time: event.recordedAt.toISOString(),
    datacontenttype: 'application/json',
    sequence: event.position,
    chainposition: event.chainPosition,
    chainhash: event.chainHash,
    data: {
      project,
      meter,
      kind,
      uid,
      name,
      dimensions,
      from: from.toISOString(),
      to: to.toISOString(),
      durationMs,
      ...(corrects ? { corrects } : {}),
    },
  };
}

export interface UsageRowView {
  readonly meter: Meter;
  readonly dimensions: Dimensions;
  readonly kind?: Kind;
  readonly uid?: string;
  readonly name?: string;
  readonly periodStart?: string;
  readonly durationMs: number;
  readonly hours: number;
  /** Hours times each number among the dimensions: vcpuHours, memoryGibHours, storageGibHours. */
  readonly quantities: Readonly<Record<string, number>>;
}

const MS_PER_HOUR = 3_600_000;

export function usageRowView({ periodStart, ...row }: UsageSummaryRow): UsageRowView {
  const hours = row.durationMs / MS_PER_HOUR;
  const numbers = Object.entries(row.dimensions).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return {
    ...row,
    ...(periodStart ? { periodStart: periodStart.toISOString() } : {}),
    hours,
    quantities: Object.fromEntries(numbers.map(([name, value]) => [`${name}Hours`, value * hours])),
  };
}

export interface UsageSummaryView {
  readonly project: string;
  readonly from: string;
  readonly to: string;
  readonly items: readonly UsageRowView[];
}
