/** The quota of a project over gRPC. Nothing here decides anything. */
import {
  parseQuery,
  type QuotaNumberView,
  type QuotaSimulationView,
  type QuotaView,
  quotaClaimsQuerySchema,
  quotaEventView,
  quotaHistoryQuerySchema,
  quotaHolderView,
} from '@compute/contract';
import { Fault, type QuotaHistoryEntry, type QuotaHistoryType, type QuotaHolder } from '@compute/domain';
import {
  type ListQuotaEventsRequest,
  type Quota,
  type QuotaEvent,
  QuotaEventType,
  type QuotaHolder as QuotaHolderMessage,
  type QuotaLimit,
  type QuotaNumber,
  type QuotaServiceServer,
  type SimulateQuotaResponse,
  type UpdateQuotaRequest,
} from '@compute/proto';
import type { ApiParts } from '../application/api-parts.ts';
import type { Call, Calls } from './calls.ts';
import { statusMessage } from './grpc-error.ts';
import { documentsIn } from './manifests.service.ts';

export function quotaMethods(calls: Calls, { quota }: ApiParts): Omit<QuotaServiceServer, symbol> {
  return {
    getQuota: calls.unary('GetQuota', async (call, { project }) =>
      quotaMessage(project, await quota.get(call, project)),
    ),
    updateQuota: calls.unary('UpdateQuota', async (call, request) =>
      quotaMessage(
        request.project,
        await quota.set(call, request.project, quotaDocument(request), request.validateOnly),
      ),
    ),
    listQuotaClaims: calls.unary('ListQuotaClaims', async (call, { project, ...asked }) => {
      const page = await quota.claims(call, { project, ...parseQuery(quotaClaimsQuerySchema, given(asked)) });
      return { holders: page.items.map(holderMessage), nextPageToken: page.next ?? '' };
    }),
    listQuotaEvents: calls.unary('ListQuotaEvents', async (call, request) => {
      const page = await quota.history(call, { project: request.project, ...eventsQuery(request) });
      return { events: page.items.map(eventMessage), nextPageToken: page.next ?? '' };
    }),
    recountQuota: calls.unary('RecountQuota', async (call, { validateOnly }) => {
      const { differences, repaired } = await quota.recount(call, validateOnly);
      return { differences: [...differences], repaired };
    }),
    simulateQuota: calls.unary('SimulateQuota', async (call, request) =>
      simulationMessage(call, await quota.simulate(call, request.project, documentsIn(request))),
    ),
  };
}

/** Without the texts that were left empty. */
function given<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')) as Partial<T>;
}

function eventsQuery({ project: _project, type, from, to, ...asked }: ListQuotaEventsRequest) {
  const query = parseQuery(quotaHistoryQuerySchema, given(asked));
  return { ...query, type: EVENT_TYPES[type], from, to };
}

const EVENT_TYPES: Readonly<Record<QuotaEventType, QuotaHistoryType | undefined>> = {
  [QuotaEventType.QUOTA_EVENT_TYPE_LIMIT_CHANGED]: 'LimitChanged',
  [QuotaEventType.QUOTA_EVENT_TYPE_THRESHOLD_REACHED]: 'ThresholdReached',
  [QuotaEventType.QUOTA_EVENT_TYPE_UNSPECIFIED]: undefined,
  [QuotaEventType.UNRECOGNIZED]: undefined,
};

function holderMessage(holder: QuotaHolder): QuotaHolderMessage {
  const { kind, name, uid, phase, claims } = quotaHolderView(holder);
  return { kind, name, uid, phase, createTime: holder.createdAt, claims: [...claims] };
}

function eventMessage(entry: QuotaHistoryEntry): QuotaEvent {
  const { id, scope, metric, threshold = 0, limitBefore, limit, used, actor, ...event } = quotaEventView(entry);
  return {
    ...{ id, at: entry.at, scope, metric, threshold, used, actor, set: entry.overridden },
    type:
      entry.type === 'LimitChanged'
        ? QuotaEventType.QUOTA_EVENT_TYPE_LIMIT_CHANGED
        : QuotaEventType.QUOTA_EVENT_TYPE_THRESHOLD_REACHED,
    limitBefore: limitBefore === undefined ? undefined : limitMessage(limitBefore),
    limit: limitMessage(limit),
    requestId: event.requestId ?? '',
    traceId: event.traceId ?? '',
  };
}

function simulationMessage(call: Call, { fits, documents, totals }: QuotaSimulationView): SimulateQuotaResponse {
  return {
    fits,
    documents: documents.map(({ index, kind = '', name = '', code, detail = '', quota }) => ({
      ...{ index, kind, name },
      error:
        code === undefined
          ? undefined
          : statusMessage(new Fault(code, detail, quota ? { quota } : {}), { requestId: call.requestId }),
    })),
    totals: totals.map(({ limit, remaining, ...numbers }) => ({
      ...numbers,
      limit: limitMessage(limit),
      remaining: remaining === 'unlimited' ? undefined : remaining,
    })),
  };
}

function limitMessage(limit: number | 'unlimited'): QuotaLimit {
  return { kind: limit === 'unlimited' ? { $case: 'unlimited', value: true } : { $case: 'limit', value: limit } };
}

function quotaMessage(project: string, view: QuotaView): Quota {
  const numbers = <M extends string>(group: Readonly<Record<M, QuotaNumberView>>) =>
    Object.fromEntries(
      Object.entries<QuotaNumberView>(group).map(([name, value]) => [name, numberMessage(value)]),
    ) as Record<M, QuotaNumber>;
  const groups = <M extends string>(all: Readonly<Record<string, Readonly<Record<M, QuotaNumberView>>>>) =>
    Object.fromEntries(Object.entries(all).map(([name, group]) => [name, numbers(group)]));
  return {
    project,
    series: groups(view.series),
    storage: groups(view.storage),
    externalIps: numberMessage(view.externalIps),
  };
}

function numberMessage({ limit, used, reserved, remaining }: QuotaNumberView): QuotaNumber {
  const finite = (value: number | 'unlimited') => (value === 'unlimited' ? undefined : value);
  return { limit: finite(limit), used, reserved, remaining: finite(remaining) };
}

function quotaDocument({ series, storage, externalIps }: UpdateQuotaRequest): unknown {
  const groups = (all: Readonly<Record<string, object>>) =>
    Object.fromEntries(Object.entries(all).map(([name, group]) => [name, limitsIn(group)]));
  return { series: groups(series), storage: groups(storage), ...limitsIn({ externalIps }) };
}

function limitsIn(group: object): object {
  const entries = Object.entries(group as Record<string, QuotaLimit | undefined>);
  return Object.fromEntries(
    entries.flatMap(([name, limit]) => {
      if (limit?.kind === undefined) return [];
      return [[name, limit.kind.$case === 'unlimited' ? 'unlimited' : limit.kind.value]];
    }),
  );
}
