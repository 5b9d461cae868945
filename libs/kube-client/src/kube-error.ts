// Every failed call ends as a KubeError: what the API server said (`kind: Status`), or why it could not be asked.
// Messages never contain the request's body, since bodies hold secrets.

/** `details` of a Status, as the API server sends it. */
export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  retryAfterSeconds?: number;
  causes?: { reason?: string; message?: string; field?: string }[];
}

/** What a KubeError is made of; `status` 0 means that no answer came. */
export interface KubeErrorParts {
  status: number;
  reason: string;
  message: string;
  details?: StatusDetails;
  retryAfterMs?: number;
}

/**
 * A refused or failed call. `status` is the HTTP code, or 0 when there was no answer (`reason` is then `Unreachable`, `Timeout` or
 * `Stalled`). `reason` is the API server's machine-readable reason (`NotFound`, `Conflict`, `AlreadyExists`, `Expired`, ...).
 */
export class KubeError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(parts: KubeErrorParts, cause?: unknown) {
    super(parts.message, cause === undefined ? undefined : { cause });
    this.name = 'KubeError';
    this.status = parts.status;
    this.reason = parts.reason;
    this.details = parts.details;
    this.retryAfterMs = parts.retryAfterMs;
  }
}

interface StatusBody {
  kind?: unknown;
  message?: unknown;
  reason?: unknown;
  code?: unknown;
  details?: StatusDetails;
}

function parseStatus(body: string): StatusBody | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(body) as StatusBody;
    return value.kind === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The error of an answer that is not 2xx. A body that is no Status gives reason `HTTP <code>` and the first line of the text. */
export function errorFromResponse(status: number, body: string, retryAfter?: string): KubeError {
  const parsed = parseStatus(body);
  const seconds = Number(retryAfter ?? parsed?.details?.retryAfterSeconds);
  const text = body.split('\n', 1)[0]?.slice(0, 200) ?? '';
  return new KubeError({
    status,
    reason: typeof parsed?.reason === 'string' && parsed.reason !== '' ? parsed.reason : `HTTP ${status}`,
    message: typeof parsed?.message === 'string' ? parsed.message : `the API server answered ${status}: ${text}`,
    ...(parsed?.details === undefined ? {} : { details: parsed.details }),
    ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}),
  });
}

/** The error of an `ERROR` frame of a watch, whose object is a Status. */
export function errorFromStatus(status: unknown): KubeError {
  const body = (typeof status === 'object' && status !== null ? status : {}) as StatusBody;
  const code = typeof body.code === 'number' ? body.code : 500;
  return errorFromResponse(code, JSON.stringify({ ...body, kind: 'Status' }));
}

/** The error of a call that got no answer at all. */
export function errorFromTransport(what: string, cause: unknown): KubeError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new KubeError({ status: 0, reason: 'Unreachable', message: `${what}: ${message}` }, cause);
}

/** The object is not there. False when the whole path is unknown to the server (its kind is not installed): that is no Status. */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.status === 404 && error.reason === 'NotFound';
}

/** Somebody else wrote first, a precondition failed, or an apply met another manager's field. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.status === 409 && error.reason !== 'AlreadyExists';
}

/** An object of that name exists. */
export function isAlreadyExists(error: unknown): boolean {
  return error instanceof KubeError && error.status === 409 && error.reason === 'AlreadyExists';
}

/** The resource version or continue token is too old: list again. */
export function isGone(error: unknown): boolean {
  return error instanceof KubeError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');
}
