/** Faults as gRPC status codes (AIP-193). The rich details are encoded where the protobuf codecs are. */
import type { FaultCode } from '@compute/domain';
import { pathOf } from '../rules/field-problems.ts';

export const GRPC_CODES = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcCodeName = keyof typeof GRPC_CODES;

export const GRPC_STATUS: Readonly<Record<FaultCode, GrpcCodeName>> = {
  InvalidArgument: 'INVALID_ARGUMENT',
  UnknownField: 'INVALID_ARGUMENT',
  ImmutableField: 'INVALID_ARGUMENT',
  Unauthenticated: 'UNAUTHENTICATED',
  PermissionDenied: 'PERMISSION_DENIED',
  NotFound: 'NOT_FOUND',
  MethodNotAllowed: 'UNIMPLEMENTED',
  AlreadyExists: 'ALREADY_EXISTS',
  QuotaExceeded: 'RESOURCE_EXHAUSTED',
  DiskInUse: 'FAILED_PRECONDITION',
  WrongPowerState: 'FAILED_PRECONDITION',
  NotCancellable: 'FAILED_PRECONDITION',
  Stale: 'ABORTED',
  PreconditionFailed: 'ABORTED',
  IdempotencyMismatch: 'INVALID_ARGUMENT',
  IdempotencyInProgress: 'ABORTED',
  CursorTooOld: 'OUT_OF_RANGE',
  RateLimited: 'RESOURCE_EXHAUSTED',
  PayloadTooLarge: 'RESOURCE_EXHAUSTED',
  UnsupportedMediaType: 'INVALID_ARGUMENT',
  Unavailable: 'UNAVAILABLE',
  DeadlineExceeded: 'DEADLINE_EXCEEDED',
  Internal: 'INTERNAL',
};

/** Upper snake case, as ErrorInfo.reason wants it: QUOTA_EXCEEDED. */
export function errorReason(code: string): string {
  return code.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}

/** Fields whose keys are the user's own words. */
const MAPS = /(^|\.)metadata\.(labels|annotations)$/;

/**
 * A JSON pointer as the path of a protobuf field: `/spec/externalPorts/0` in `vm_instance` is
 * `vm_instance.spec.external_ports[0]`, and the label `appName` is `vm_instance.metadata.labels[appName]`.
 */
export function fieldPathOf(pointer: string, root: string): string {
  return pathOf(pointer).reduce((path, key) => {
    if (/^\d+$/.test(key) || MAPS.test(path)) return `${path}[${key}]`;
    const name = key.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
    return path === '' ? name : `${path}.${name}`;
  }, root);
}
