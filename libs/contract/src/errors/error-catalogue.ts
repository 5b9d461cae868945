/** What each fault means to its caller: the text of the error pages and the titles of problem documents. */
import type { FaultCode } from '@compute/domain';

export interface ErrorPage {
  readonly title: string;
  readonly cause: string;
  readonly remedy: string;
}

export const ERROR_CATALOGUE: Readonly<Record<FaultCode, ErrorPage>> = {
  InvalidArgument: {
    title: 'The request is not valid',
    cause: 'One or more fields break a rule. `errors` lists all of them, each with a JSON pointer into the body.',
    remedy: 'Correct every field that is listed and send the request again. `?dryRun=true` checks without storing.',
  },
  UnknownField: {
    title: 'The request has a field that does not exist',
    cause: 'A field is misspelt, stands in the wrong place, or belongs to another version.',
    remedy: 'Remove or rename the fields that are listed. /openapi.json describes every field.',
  },
  ImmutableField: {
    title: 'A field cannot be changed',
    cause: 'The data behind the field exists already: the source, class or kind of a disk, or its size downwards.',
    remedy: 'Make a new resource with the new value.',
  },
  Unauthenticated: {
    title: 'Who asks is not known',
    cause: 'There is no API key or token in the request, or it is unknown, expired, revoked or meant for others.',
    remedy: 'Send `Authorization: Bearer …` with a valid key, or a token of the issuer that the operator trusts.',
  },
  PermissionDenied: {
    title: 'The caller may not do this',
    cause:
      'The key or token lacks the scope: `read` to look, `write` to change, `admin` for projects, quotas, keys and the audit log.',
    remedy: 'Use one with the scope that the message names.',
  },
  NotFound: {
    title: 'There is no such thing',
    cause: 'It does not exist, has been deleted, or belongs to another project.',
    remedy: 'Check the names of project and resource.',
  },
  MethodNotAllowed: {
    title: 'This cannot be done at this address',
    cause: 'The address exists, but not for the method of the request.',
    remedy: 'Use one of the methods that the header `Allow` lists. /openapi.json describes every address.',
  },
  AlreadyExists: {
    title: 'The name is taken',
    cause: 'A resource of the same kind and name exists, perhaps still being deleted.',
    remedy: 'Choose another name, change the existing resource with PATCH or PUT, or wait until its deletion is done.',
  },
  QuotaExceeded: {
    title: 'The quota of the project does not allow it',
    cause:
      'The request needs more than what remains. `quota` names metric, scope, limit, used, requested and remaining.',
    remedy: 'Delete or shrink resources of that scope, ask for less, or ask an administrator for a higher limit.',
  },
  DiskInUse: {
    title: 'The disk is in use',
    cause: 'A virtual machine has the disk. A disk that is not optical belongs to one machine at a time.',
    remedy: 'Detach it from the machine that the message names, or delete the machine first.',
  },
  WrongPowerState: {
    title: 'The machine is not in a state for that',
    cause: 'Only a machine that runs can be paused, and only one that is to run can be restarted.',
    remedy: 'Start the machine first, or wait until it runs; its phase and its runStrategy say which.',
  },
  NotCancellable: {
    title: 'There is nothing to cancel',
    cause: 'Only an import that is under way can be cancelled. It is over, or the operation is of another sort.',
    remedy: 'Delete what was made, or edit it back; a deletion cannot be taken back.',
  },
  Stale: {
    title: 'Somebody else was faster',
    cause: 'The resource changed between reading and writing.',
    remedy: 'Read it again and repeat the edit.',
  },
  PreconditionFailed: {
    title: 'The resource is not the version that was expected',
    cause: 'The ETag in If-Match is not the present one: the resource was changed since it was read.',
    remedy: 'Read it again, repeat the edit, send the new ETag.',
  },
  IdempotencyMismatch: {
    title: 'The idempotency key belongs to another request',
    cause: 'The same key was used before with a different body or address.',
    remedy: 'Use a new key for a new request; repeat a request unchanged with its old key.',
  },
  IdempotencyInProgress: {
    title: 'The first request with this key is still running',
    cause: 'A request with the same idempotency key has not been answered yet.',
    remedy: 'Wait a moment and repeat it.',
  },
  CursorTooOld: {
    title: 'The position is too old to go on from',
    cause: 'The changes after it are no longer kept, or the reader was too slow.',
    remedy: 'List the resources, then watch from the position that the list gives.',
  },
  RateLimited: {
    title: 'Too many requests',
    cause:
      'The caller has used up its share for the moment, has too many streams open, or its address sent too many keys that open nothing.',
    remedy: 'Wait as long as Retry-After says; close streams that nobody reads.',
  },
  PayloadTooLarge: {
    title: 'The body is too large',
    cause: 'The body exceeds the limit that the message names.',
    remedy: 'Send less at once, for example fewer documents.',
  },
  UnsupportedMediaType: {
    title: 'The content type is not understood',
    cause: 'The body is neither JSON nor YAML by its Content-Type.',
    remedy: 'Send `Content-Type: application/json` or `application/yaml`; for PATCH `application/merge-patch+json`.',
  },
  Unavailable: {
    title: 'The service cannot answer now',
    cause: 'A part of the service is not reachable, or it is being restarted.',
    remedy: 'Repeat the request after a moment, with the same Idempotency-Key.',
  },
  DeadlineExceeded: {
    title: 'It took too long',
    cause: 'The time that the caller allows ran out. The work may have been done.',
    remedy: 'Read the resource, or repeat the request with the same Idempotency-Key.',
  },
  Internal: {
    title: 'A fault of ours',
    cause: 'Something happened that the service does not foresee.',
    remedy: 'Repeat the request; when it happens again, report the request id.',
  },
};
