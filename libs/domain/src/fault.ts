/**
 * The one error of the product and the closed list of its codes.
 *
 * Every face (REST, gRPC, Kubernetes) translates a `FaultCode` with one exhaustive table, so a new code does not
 * compile until each face says what it means there. A message is for the caller: no secrets, no internal names.
 */
export const FAULT_CODES = [
  'InvalidArgument',
  'UnknownField',
  'ImmutableField',
  'Unauthenticated',
  'PermissionDenied',
  'NotFound',
  'MethodNotAllowed',
  'AlreadyExists',
  'QuotaExceeded',
  'DiskInUse',
  'WrongPowerState',
  'NotCancellable',
  'Stale',
  'PreconditionFailed',
  'IdempotencyMismatch',
  'IdempotencyInProgress',
  'CursorTooOld',
  'RateLimited',
  'PayloadTooLarge',
  'UnsupportedMediaType',
  'Unavailable',
  'DeadlineExceeded',
  'Internal',
] as const;

export type FaultCode = (typeof FAULT_CODES)[number];

/** One thing that is wrong with a request. `pointer` is a JSON pointer into the body, `''` for the body itself. */
export interface FieldProblem {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/** The numbers of a refused quota claim; `remaining` is what could still be claimed. Memory and storage are in GiB. */
export interface QuotaRefusal {
  readonly metric: QuotaMetricName;
  readonly scope: string;
  readonly limit: number;
  readonly used: number;
  readonly requested: number;
  readonly remaining: number;
}

export type QuotaMetricName = 'instances' | 'vcpus' | 'memoryGib' | 'disks' | 'storageGib' | 'externalIps';

export interface FaultDetails {
  readonly fields?: readonly FieldProblem[];
  readonly quota?: QuotaRefusal;
  readonly resource?: { readonly kind: string; readonly name: string };
  readonly retryAfterMs?: number;
}

export class Fault extends Error {
  readonly code: FaultCode;
  readonly details: FaultDetails;

  constructor(code: FaultCode, message: string, details: FaultDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Fault';
    this.code = code;
    this.details = details;
  }
}

/** True for a `Fault` of the given code. */
export function isFault(error: unknown, code?: FaultCode): error is Fault {
  return error instanceof Fault && (code === undefined || error.code === code);
}
