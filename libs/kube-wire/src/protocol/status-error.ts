/**
 * Errors as the Kubernetes API states them: `kind: Status` with a reason, details and causes. The texts follow
 * kube-apiserver's, because clients (and people) match on them; changing a reason changes how clients retry.
 */
import type { Fields } from './kube-object.ts';

export interface StatusCause {
  reason: string;
  message: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** Identifies a resource in messages: `virtualmachines.kubevirt.io`, or `pods` for the core group. */
export interface ResourceName {
  group: string;
  plural: string;
}

/** An answer of the API that is not a success. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** Extra top-level metadata, used for the continue token of an expired list. */
  readonly listMeta: Fields;

  constructor(code: number, reason: string, message: string, details?: StatusDetails, listMeta: Fields = {}) {
    super(message);
    this.name = 'StatusError';
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.listMeta = listMeta;
  }

  /** The Status object that goes over the wire. */
  toStatus(): Fields {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.listMeta,
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** `plural.group`, or the bare plural for the core group. */
export function qualifiedName(resource: ResourceName): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

function about(resource: ResourceName, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
  };
}

export function notFound(resource: ResourceName, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${qualifiedName(resource)} "${name}" not found`, about(resource, name));
}

/** For paths that name no served resource. */
export function unknownPath(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(resource: ResourceName, name: string): StatusError {
  return new StatusError(
    409,
    'AlreadyExists',
    `${qualifiedName(resource)} "${name}" already exists`,
    about(resource, name),
  );
}

export function conflict(resource: ResourceName, name: string, why: string): StatusError {
  return new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`,
    about(resource, name),
  );
}

/** The optimistic-concurrency refusal. */
export function modified(resource: ResourceName, name: string): StatusError {
  return conflict(
    resource,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

export function forbidden(resource: ResourceName, name: string, why: string, causes?: StatusCause[]): StatusError {
  const subject = name === '' ? qualifiedName(resource) : `${qualifiedName(resource)} "${name}"`;
  return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${why}`, {
    ...about(resource, name),
    ...(causes === undefined ? {} : { causes }),
  });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function unauthorized(): StatusError {
  return new StatusError(401, 'Unauthorized', 'Unauthorized');
}

export function methodNotAllowed(resource?: ResourceName): StatusError {
  return new StatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    resource === undefined ? {} : about(resource, ''),
  );
}

export function notAcceptable(offered: string[]): StatusError {
  const message = `only the following media types are accepted: ${offered.join(', ')}`;
  return new StatusError(406, 'NotAcceptable', message);
}

export function unsupportedMediaType(offered: string[]): StatusError {
  return new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${offered.join(', ')}`,
  );
}

export function expired(message: string, listMeta: Fields = {}): StatusError {
  return new StatusError(410, 'Expired', message, undefined, listMeta);
}

export function tooLargeResourceVersion(asked: string, current: string): StatusError {
  return new StatusError(504, 'Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds });
}

export function internalError(message: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ reason: '', message }],
  });
}

/** One field's refusal, as the causes of a 422 state it. */
export interface FieldProblem {
  field: string;
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueForbidden'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueTooLong'
    | 'FieldValueTypeInvalid';
  /** The text after the field: `Required value`, `Invalid value: "x": ...`. */
  message: string;
}

export function requiredField(field: string, why = ''): FieldProblem {
  return { field, reason: 'FieldValueRequired', message: why === '' ? 'Required value' : `Required value: ${why}` };
}

export function invalidField(field: string, value: unknown, why: string): FieldProblem {
  const shown = typeof value === 'object' && value !== null ? JSON.stringify(value) : formatScalar(value);
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${shown}: ${why}` };
}

export function forbiddenField(field: string, why: string): FieldProblem {
  return { field, reason: 'FieldValueForbidden', message: `Forbidden: ${why}` };
}

export function tooLongField(field: string, maxBytes: number): FieldProblem {
  const message = `Too long: may not be more than ${maxBytes} bytes`;
  return { field, reason: 'FieldValueTooLong', message };
}

export function unsupportedField(field: string, value: unknown, supported: unknown[]): FieldProblem {
  const list = supported.map(formatScalar).join(', ');
  return {
    field,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${formatScalar(value)}: supported values: ${list}`,
  };
}

function formatScalar(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : shownValue(value ?? null);
}

const longestShown = 200;

/** A value of a body where a word should be, for the text of an error: words as they are, everything else as JSON, cut. */
export function shownValue(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '').slice(0, longestShown);
}

/** 422 with one cause per field. `kind` is the Kind (not the plural), as kube-apiserver writes it. */
export function invalid(group: string, kind: string, name: string, problems: FieldProblem[]): StatusError {
  const lines = problems.map((problem) => `${problem.field}: ${problem.message}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const qualified = group === '' ? kind : `${kind}.${group}`;
  return new StatusError(422, 'Invalid', `${qualified} "${name}" is invalid: ${text}`, {
    name,
    ...(group === '' ? {} : { group }),
    kind,
    causes: problems.map(({ field, reason, message }) => ({ reason, message, field })),
  });
}
