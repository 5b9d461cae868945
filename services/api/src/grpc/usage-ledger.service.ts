/** The ledger behind the usage feed over gRPC. */
import { CSV_COLUMNS, faultOf, type UsageConsumerView } from '@compute/contract';
import type { MeteredSpan } from '@compute/domain';
import {
  type MeteredSpan as SpanMessage,
  type UsageConsumer,
  UsageFormat,
  type UsageLedgerServiceServer,
} from '@compute/proto';
import type { UsageLineFormat } from '@compute/store';
import type { UsageLedgerService, UsageSpanRequest } from '../application/usage-ledger-service.ts';
import type { Call, Calls } from './calls.ts';
import { pageSizeOf } from './resource-methods.ts';

export function usageLedgerMethods(calls: Calls, service: UsageLedgerService): Omit<UsageLedgerServiceServer, symbol> {
  return { ...consumerMethods(calls, service), ...proofMethods(calls, service) };
}

function consumerMethods(calls: Calls, service: UsageLedgerService) {
  return {
    listUsageConsumers: calls.unary('ListUsageConsumers', async (call, { project }) => ({
      consumers: (await service.consumers(call, projectOf(project))).map(consumerMessage),
    })),
    getUsageConsumer: calls.unary('GetUsageConsumer', async (call, { project, name }) =>
      consumerMessage(await service.consumer(call, projectOf(project), name)),
    ),
    ackUsageConsumer: calls.unary('AckUsageConsumer', async (call, { project, name, cursor, rewind }) =>
      consumerMessage(await service.acknowledge(call, projectOf(project), name, { cursor, rewind })),
    ),
    deleteUsageConsumer: calls.unary('DeleteUsageConsumer', async (call, { project, name }) =>
      consumerMessage(await service.removeConsumer(call, projectOf(project), name)),
    ),
  } satisfies Partial<UsageLedgerServiceServer>;
}

function proofMethods(calls: Calls, service: UsageLedgerService) {
  return {
    listUsageKeys: calls.unary('ListUsageKeys', async (call) => {
      const { keys } = await service.keys(call);
      return { keys: keys.map(({ kid: id, x }) => ({ id, publicKey: Buffer.from(x, 'base64url') })) };
    }),
    correctUsageEvent: calls.unary('CorrectUsageEvent', (call, { id }) => service.correct(call, id)),
    exportUsage: calls.stream(
      'ExportUsage',
      (call, request) => linesOf(call, service, request),
      () => ({ lines: Buffer.alloc(0) }),
    ),
    getUsageManifest: calls.unary('GetUsageManifest', async (call, { project, ...span }) => {
      const { manifest, statement } = await service.manifest(call, project, span);
      return { manifest: manifestMessage(manifest), statement };
    }),
    listUsageCheckpoints: calls.unary('ListUsageCheckpoints', async (call, { project, pageSize, pageToken }) => {
      const page = await service.checkpoints(call, project, { pageSize: pageSizeOf(pageSize), pageToken });
      const checkpoints = page.items.map((one) => ({ ...one, chainPosition: BigInt(one.chainPosition) }));
      return { checkpoints, nextPageToken: page.next ?? '' };
    }),
    auditUsage: calls.unary('AuditUsage', async (call, { project }) => {
      const { audited, findings } = await service.audit(call, project);
      return { project, audited: BigInt(audited), findings: findings.map(findingMessage) };
    }),
  } satisfies Partial<UsageLedgerServiceServer>;
}

const projectOf = (project: string): string | undefined => (project === '' ? undefined : project);

function consumerMessage(view: UsageConsumerView): UsageConsumer {
  const { name, cursor, eventsBehind, oldestUnread, createdAt, ackedAt } = view;
  return {
    ...{ name, cursor, eventsBehind: BigInt(eventsBehind), createTime: new Date(createdAt) },
    oldestUnread: oldestUnread === undefined ? undefined : new Date(oldestUnread),
    ackTime: ackedAt === undefined ? undefined : new Date(ackedAt),
  };
}

const FORMATS: Readonly<Partial<Record<UsageFormat, UsageLineFormat>>> = {
  [UsageFormat.USAGE_FORMAT_UNSPECIFIED]: 'ndjson',
  [UsageFormat.USAGE_FORMAT_NDJSON]: 'ndjson',
  [UsageFormat.USAGE_FORMAT_CSV]: 'csv',
};

async function* linesOf(
  call: Call,
  service: UsageLedgerService,
  { project, format, ...span }: UsageSpanRequest & { readonly project: string; readonly format: UsageFormat },
): AsyncIterable<{ lines: Buffer }> {
  const lines = FORMATS[format];
  if (!lines) throw faultOf([{ pointer: '/format', code: 'invalid_value', message: 'There is no such format.' }]);
  const exported = await service.export(call, project, span);
  if (lines === 'csv') yield { lines: Buffer.from(`${CSV_COLUMNS.join(',')}\n`) };
  for await (const part of exported.lines(lines)) yield { lines: Buffer.from(part) };
}

function manifestMessage(manifest: Awaited<ReturnType<UsageLedgerService['manifest']>>['manifest']) {
  const { type: _type, from, to, count, sums, firstChainPosition, lastChainPosition, checkpoints, ...rest } = manifest;
  return {
    ...rest,
    ...{ from: new Date(from), to: new Date(to), count: BigInt(count), checkpoints: [...checkpoints] },
    firstChainPosition: BigInt(firstChainPosition),
    lastChainPosition: BigInt(lastChainPosition),
    sums: sums.map(({ meter, events, durationMs }) => ({
      ...{ meter, events: BigInt(events), durationMs: BigInt(durationMs) },
    })),
  };
}

function findingMessage({
  missing,
  surplus,
  ...resource
}: Awaited<ReturnType<UsageLedgerService['audit']>>['findings'][number]) {
  return { ...resource, missing: missing.map(spanMessage), surplus: surplus.map(spanMessage) };
}

function spanMessage({ meter, dimensions, from, to }: MeteredSpan): SpanMessage {
  return { meter, dimensions: { ...dimensions }, from, to };
}
