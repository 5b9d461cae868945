/** Faults as HTTP answers: one status per code, and the problem document (RFC 9457). */
import type { Fault, FaultCode, FieldProblem } from '@compute/domain';
import { ERROR_CATALOGUE } from './error-catalogue.ts';

export const HTTP_STATUS: Readonly<Record<FaultCode, number>> = {
  InvalidArgument: 400,
  UnknownField: 422,
  ImmutableField: 422,
  Unauthenticated: 401,
  PermissionDenied: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  AlreadyExists: 409,
  QuotaExceeded: 403,
  DiskInUse: 409,
  WrongPowerState: 409,
  NotCancellable: 409,
  Stale: 409,
  PreconditionFailed: 412,
  IdempotencyMismatch: 422,
  IdempotencyInProgress: 409,
  CursorTooOld: 410,
  RateLimited: 429,
  PayloadTooLarge: 413,
  UnsupportedMediaType: 415,
  Unavailable: 503,
  DeadlineExceeded: 504,
  Internal: 500,
};

/** A request that is understood but whose fields are wrong is 422; one that is not understood is 400. */
export function httpStatusOf(fault: Fault): number {
  const judgedFields = fault.code === 'InvalidArgument' && (fault.details.fields?.length ?? 0) > 0;
  return judgedFields ? 422 : HTTP_STATUS[fault.code];
}

export interface ProblemError {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
  /** Line in a YAML body. */
  readonly line?: number;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: FaultCode;
  readonly requestId: string;
  readonly errors?: readonly ProblemError[];
  readonly quota?: NonNullable<Fault['details']['quota']>;
  readonly resource?: NonNullable<Fault['details']['resource']>;
}

export interface ProblemContext {
  readonly instance: string;
  readonly requestId: string;
}

/** The problem document of a fault. An internal fault says nothing about itself but the request id. */
export function problemOf(fault: Fault, context: ProblemContext): Problem {
  const { fields, quota, resource } = fault.details;
  return {
    type: `/errors/${fault.code}`,
    title: ERROR_CATALOGUE[fault.code].title,
    status: httpStatusOf(fault),
    detail: fault.code === 'Internal' ? ERROR_CATALOGUE.Internal.cause : fault.message,
    instance: context.instance,
    code: fault.code,
    requestId: context.requestId,
    ...(fields ? { errors: fields.map(problemError) } : {}),
    ...(quota ? { quota } : {}),
    ...(resource ? { resource } : {}),
  };
}

export function problemError({ pointer, code, message }: FieldProblem): ProblemError {
  return { pointer, code, detail: message };
}

/** Seconds for Retry-After, where a fault tells when to come again. */
export function retryAfterSeconds(fault: Fault): number | undefined {
  const { retryAfterMs } = fault.details;
  if (retryAfterMs !== undefined) return Math.max(1, Math.ceil(retryAfterMs / 1000));
  return fault.code === 'Unavailable' || fault.code === 'IdempotencyInProgress' ? 1 : undefined;
}
