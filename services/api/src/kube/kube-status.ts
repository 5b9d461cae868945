/**
 * Faults as the Kubernetes API states errors: one row per code, field problems as causes with field paths. Reasons and
 * codes decide how clients go on (kubectl repeats a Conflict, informers list anew on Expired), so a change here changes
 * what clients do.
 */
import { ERROR_CATALOGUE, pathOf, retryAfterSeconds } from '@compute/contract';
import type { Fault, FaultCode, FieldProblem } from '@compute/domain';
import {
  alreadyExists,
  badRequest,
  conflict,
  expired,
  forbidden,
  invalid,
  type FieldProblem as KubeProblem,
  methodNotAllowed,
  notFound,
  StatusError,
  tooManyRequests,
} from '@compute/kube-wire';

/** What a request was about, for the texts of errors. */
export interface Subject {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly name: string;
}

type Statement = (fault: Fault, subject: Subject) => StatusError;

const judged: Statement = (fault, { group, kind, name }) => {
  const { fields = [] } = fault.details;
  if (fields.length === 0) return badRequest(fault.message);
  return invalid(group, kind, name, fields.map(kubeProblem));
};
const overtaken: Statement = (fault, subject) => conflict(subject, subject.name, fault.message);
const withCode =
  (code: number, reason: string): Statement =>
  (fault) => {
    const seconds = retryAfterSeconds(fault);
    return new StatusError(code, reason, fault.message, seconds === undefined ? {} : { retryAfterSeconds: seconds });
  };

const STATEMENTS: Readonly<Record<FaultCode, Statement>> = {
  InvalidArgument: judged,
  UnknownField: judged,
  ImmutableField: judged,
  // kubectl shows the sentence: why a token is refused is worth more than the bare word.
  Unauthenticated: withCode(401, 'Unauthorized'),
  PermissionDenied: (fault, subject) => forbidden(subject, subject.name, fault.message),
  NotFound: ({ details: { resource } }, subject) =>
    resource?.kind === 'Project'
      ? notFound({ group: '', plural: 'namespaces' }, resource.name)
      : notFound(subject, subject.name),
  MethodNotAllowed: () => methodNotAllowed(),
  AlreadyExists: (_fault, subject) => alreadyExists(subject, subject.name),
  QuotaExceeded: (fault, subject) => forbidden(subject, subject.name, fault.message, quotaCauses(fault)),
  DiskInUse: overtaken,
  WrongPowerState: overtaken,
  NotCancellable: overtaken,
  Stale: overtaken,
  PreconditionFailed: overtaken,
  IdempotencyMismatch: withCode(422, 'Invalid'),
  IdempotencyInProgress: overtaken,
  CursorTooOld: (fault) => expired(fault.message),
  RateLimited: (fault) => tooManyRequests(fault.message, retryAfterSeconds(fault) ?? 1),
  PayloadTooLarge: withCode(413, 'RequestEntityTooLarge'),
  UnsupportedMediaType: withCode(415, 'UnsupportedMediaType'),
  Unavailable: withCode(503, 'ServiceUnavailable'),
  DeadlineExceeded: withCode(504, 'Timeout'),
  Internal: () => new StatusError(500, 'InternalError', ERROR_CATALOGUE.Internal.cause),
};

/** The Status of a fault. An internal fault says nothing about itself. */
export function statusOfFault(fault: Fault, subject: Subject): StatusError {
  return STATEMENTS[fault.code](fault, subject);
}

/** The numbers of a refused claim, one cause each, for programs. */
function quotaCauses({ details: { quota } }: Fault) {
  if (!quota) return [];
  const { scope, metric, limit, used, requested, remaining } = quota;
  const numbers = Object.entries({ limit, used, requested, remaining });
  return numbers.map(([name, value]) => ({
    reason: 'QuotaExceeded',
    message: `${name}: ${value}`,
    field: `${scope}/${metric}`,
  }));
}

type Reason = KubeProblem['reason'];

/** Whatever is not named here is an invalid value. */
const REASONS: Readonly<Record<string, readonly [Reason, string]>> = {
  required: ['FieldValueRequired', 'Required value'],
  invalid_type: ['FieldValueTypeInvalid', 'Invalid value'],
  too_long: ['FieldValueTooLong', 'Too long'],
  duplicate: ['FieldValueDuplicate', 'Duplicate value'],
  immutable: ['FieldValueForbidden', 'Forbidden'],
  shrink: ['FieldValueForbidden', 'Forbidden'],
  unknown_field: ['FieldValueForbidden', 'Forbidden'],
  forbidden_address: ['FieldValueForbidden', 'Forbidden'],
};

/** The value itself is never repeated: it may be a secret. */
function kubeProblem({ pointer, code, message }: FieldProblem): KubeProblem {
  const [reason, words] = REASONS[code] ?? ['FieldValueInvalid', 'Invalid value'];
  return { field: fieldPath(pointer), reason, message: `${words}: ${message}` };
}

const MAPS: readonly string[] = ['metadata.labels', 'metadata.annotations'];

/** `/spec/disks/0/name` as Kubernetes writes it: `spec.disks[0].name`. */
export function fieldPath(pointer: string): string {
  return pathOf(pointer).reduce((path, key) => {
    if (/^\d+$/.test(key) || MAPS.includes(path)) return `${path}[${key}]`;
    return path === '' ? key : `${path}.${key}`;
  }, '');
}
