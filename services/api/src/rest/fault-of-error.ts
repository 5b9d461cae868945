/** Whatever was thrown, as a fault. Faults of the framework are told apart by their codes; the rest is internal. */
import { Fault, type FaultCode } from '@compute/domain';
import { HttpException } from '@nestjs/common';

const FRAMEWORK_CODES: Readonly<Record<string, readonly [FaultCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['PayloadTooLarge', 'The body is larger than 2 MiB.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'UnsupportedMediaType',
    'The body must be JSON or YAML, and Content-Type must say which.',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['InvalidArgument', 'The body is not as long as Content-Length says.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['InvalidArgument', 'The body is not JSON.'],
  FST_ERR_BAD_URL: ['InvalidArgument', 'The address is not a URL: a % is not followed by two hexadecimal digits.'],
  FST_ERR_MAX_PARAM_LENGTH: ['InvalidArgument', 'A name in the address is too long.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['InvalidArgument', 'The body is empty.'],
};

/** The framework may have wrapped its error into one that has only the status. */
const FRAMEWORK_STATUSES: Readonly<Record<number, readonly [FaultCode, string]>> = {
  400: ['InvalidArgument', 'The body is not JSON.'],
  404: ['NotFound', 'There is nothing at this address. /docs lists what there is.'],
  413: ['PayloadTooLarge', 'The body is larger than 2 MiB.'],
  415: ['UnsupportedMediaType', 'The body must be JSON or YAML, and Content-Type must say which.'],
};

export function faultOfError(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof Error && error.name === 'AbortError')
    return new Fault('DeadlineExceeded', 'The caller is gone.', {}, error);
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  const known =
    (typeof code === 'string' ? FRAMEWORK_CODES[code] : undefined) ??
    (typeof status === 'number' ? FRAMEWORK_STATUSES[status] : undefined);
  if (known) return new Fault(known[0], known[1], {}, error);
  return new Fault('Internal', 'An unforeseen error.', {}, error);
}
