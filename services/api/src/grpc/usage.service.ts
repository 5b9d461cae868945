/** The usage feed and its sums over gRPC. */
import { faultOf, usageRowView } from '@compute/contract';
import { METERS, type Meter, type UsageEvent } from '@compute/domain';
import type {
  UsageEvent as Message,
  StreamUsageEventsRequest,
  StreamUsageEventsResponse,
  UsageServiceServer,
} from '@compute/proto';
import { USAGE_GROUPS, type UsageGroup } from '@compute/store';
import type { UsageService } from '../application/usage-service.ts';
import type { Call, Calls } from './calls.ts';
import { pageSizeOf } from './resource-methods.ts';

export function usageMethods(calls: Calls, service: UsageService): Omit<UsageServiceServer, symbol> {
  return {
    listUsageEvents: calls.unary('ListUsageEvents', async (call, request) => {
      const page = await service.events(call, { ...filtersOf(request), limit: pageSizeOf(request.limit) });
      return { events: page.events.map(eventMessage), nextCursor: page.nextCursor };
    }),
    streamUsageEvents: calls.stream(
      'StreamUsageEvents',
      (call, request) => eventsOf(call, service, request),
      (last) => ({
        event: undefined,
        cursor: last?.cursor ?? '',
      }),
    ),
    getUsageSummary: calls.unary('GetUsageSummary', async (call, { project, from, to, groupBy }) => {
      const summary = await service.summary(call, project, { from, to, groupBy: groupBy.map(groupOf) });
      return { project, from: summary.from, to: summary.to, rows: summary.rows.map(rowMessage) };
    }),
  };
}

interface Filters {
  readonly after: string;
  readonly project: string;
  readonly meter: string;
  readonly consumer: string;
}

function filtersOf({ after, project, meter, consumer }: Filters) {
  return {
    after,
    ...(project === '' ? {} : { project }),
    ...(meter === '' ? {} : { meter: meterOf(meter) }),
    ...(consumer === '' ? {} : { consumer }),
  };
}

function meterOf(word: string): Meter {
  return oneOf(METERS, word, '/meter');
}

const groupOf = (word: string, index: number): UsageGroup => oneOf(USAGE_GROUPS, word, `/groupBy/${index}`);

function oneOf<T extends string>(words: readonly T[], word: string, pointer: string): T {
  const known = words.find((candidate) => candidate === word);
  if (known) return known;
  throw faultOf([{ pointer, code: 'invalid_value', message: `Must be one of ${words.join(', ')}.` }]);
}

async function* eventsOf(
  call: Call,
  service: UsageService,
  request: StreamUsageEventsRequest,
): AsyncIterable<StreamUsageEventsResponse> {
  for await (const page of service.stream(call, { ...filtersOf(request), limit: 1 }, call.signal)) {
    for (const event of page.events) yield { event: eventMessage(event), cursor: service.cursorOf(event.position) };
  }
}

function eventMessage(event: UsageEvent): Message {
  return {
    id: event.id,
    position: BigInt(event.position),
    project: event.project,
    meter: event.meter,
    kind: event.kind,
    uid: event.uid,
    name: event.name,
    dimensions: { ...event.dimensions },
    from: event.from,
    to: event.to,
    durationMs: BigInt(event.durationMs),
    corrects: event.corrects ?? '',
    chainPosition: BigInt(event.chainPosition),
    chainHash: event.chainHash,
    recordedAt: event.recordedAt,
  };
}

function rowMessage(row: Parameters<typeof usageRowView>[0]) {
  return {
    meter: row.meter,
    dimensions: { ...row.dimensions },
    kind: row.kind ?? '',
    uid: row.uid ?? '',
    name: row.name ?? '',
    periodStart: row.periodStart,
    durationMs: BigInt(Math.round(row.durationMs)),
    quantities: { ...usageRowView(row).quantities },
  };
}
