/** Faults as google.rpc.Status: the code, a sentence, and every detail a program can act on (AIP-193). */
import { ERROR_CATALOGUE, errorReason, fieldPathOf, GRPC_CODES, GRPC_STATUS } from '@compute/contract';
import type { Fault } from '@compute/domain';
import {
  Any,
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
  Status,
} from '@compute/proto';
import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { briefFault } from './brief-fault.ts';

export const DOMAIN = 'compute.cozystack.io';

export interface GrpcErrorContext {
  readonly requestId: string;
  /** Name of the request's field that holds the resource: `vm_instance`. */
  readonly root?: string;
}

/** The status that ends a call, as long as trailers may be. An internal fault says nothing about itself but the request id. */
export function statusOfFault(fault: Fault, context: GrpcErrorContext): StatusObject {
  const status = statusMessage(briefFault(fault), context);
  const { code, message } = status;
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(Status.encode(status).finish()));
  metadata.set('x-request-id', context.requestId);
  return { code, details: message, metadata };
}

/** A fault as a message, for what is only a part of an answer. */
export function statusMessage(fault: Fault, context: GrpcErrorContext): Status {
  const code = GRPC_CODES[GRPC_STATUS[fault.code]];
  const message = fault.code === 'Internal' ? ERROR_CATALOGUE.Internal.cause : fault.message;
  return Status.fromPartial({ code, message, details: detailsOf(fault, context) });
}

interface Codec<T> {
  fromPartial(value: never): T;
  encode(message: T): { finish(): Uint8Array };
}

const pack = <T>(name: string, codec: Codec<T>, message: T): Any => ({
  typeUrl: `type.googleapis.com/google.rpc.${name}`,
  value: Buffer.from(codec.encode(message).finish()),
});

function detailsOf(fault: Fault, { requestId, root = '' }: GrpcErrorContext): Any[] {
  const { fields, quota, resource, retryAfterMs } = fault.details;
  const metadata = Object.fromEntries(Object.entries(quota ?? {}).map(([key, value]) => [key, String(value)]));
  const details = [
    pack('ErrorInfo', ErrorInfo, { reason: errorReason(fault.code), domain: DOMAIN, metadata }),
    pack('RequestInfo', RequestInfo, { requestId, servingData: '' }),
  ];
  if (fields) details.push(pack('BadRequest', BadRequest, badRequest(fields, root)));
  if (quota) details.push(pack('QuotaFailure', QuotaFailure, quotaFailure(quota, fault.message)));
  if (resource) details.push(pack('ResourceInfo', ResourceInfo, resourceInfo(resource, fault.message)));
  if (PRECONDITIONS.has(fault.code))
    details.push(pack('PreconditionFailure', PreconditionFailure, precondition(fault)));
  const retryMs = retryAfterMs ?? (fault.code === 'Unavailable' ? 1_000 : undefined);
  if (retryMs !== undefined) details.push(pack('RetryInfo', RetryInfo, retryInfo(retryMs)));
  return details;
}

const PRECONDITIONS: ReadonlySet<Fault['code']> = new Set([
  'DiskInUse',
  'WrongPowerState',
  'NotCancellable',
  'PreconditionFailed',
  'Stale',
]);

function badRequest(fields: NonNullable<Fault['details']['fields']>, root: string): BadRequest {
  const fieldViolations = fields.map(({ pointer, code, message }) => ({
    field: fieldPathOf(pointer, root),
    description: message,
    reason: code.toUpperCase(),
  }));
  return BadRequest.fromPartial({ fieldViolations });
}

function quotaFailure(quota: NonNullable<Fault['details']['quota']>, description: string): QuotaFailure {
  const { metric, scope, limit, used, requested, remaining } = quota;
  const [family, name = ''] = scope.split(':', 2);
  const label = family === 'series' ? { series: name } : family === 'class' ? { storageClass: name } : {};
  const numbers = { used: `${used}`, requested: `${requested}`, remaining: `${remaining}` };
  const violation = {
    ...{ subject: scope, description, quotaMetric: metric, quotaId: `${scope}/${metric}` },
    ...{ quotaValue: BigInt(Math.floor(limit)), quotaDimensions: { ...label, ...numbers } },
  };
  return QuotaFailure.fromPartial({ violations: [violation] });
}

function resourceInfo({ kind, name }: NonNullable<Fault['details']['resource']>, description: string): ResourceInfo {
  return ResourceInfo.fromPartial({ resourceType: kind, resourceName: name, description });
}

function precondition(fault: Fault): PreconditionFailure {
  const subject = fault.details.resource?.name ?? '';
  return PreconditionFailure.fromPartial({
    violations: [{ type: errorReason(fault.code), subject, description: fault.message }],
  });
}

function retryInfo(ms: number): RetryInfo {
  return RetryInfo.fromPartial({
    retryDelay: { seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 },
  });
}
