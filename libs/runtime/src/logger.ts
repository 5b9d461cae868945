/**
 * The one way to write logs: one JSON object a line on standard output, with the ids of the work in hand.
 *
 * A reader could break: everything in `redaction.ts` is replaced at the top level and up to two levels down. A secret
 * under another name is not, so never log a request body or a spec; log its kind, name and uid.
 */
import { type DestinationStream, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import { logContext } from './log-context.ts';
import { openLogOutput } from './log-output.ts';
import { redacted } from './redaction.ts';

export type { Logger } from 'pino';

export interface LoggerSettings {
  /** Name of the process kind: `api`, `worker`, `dev`. */
  readonly service: string;
  readonly level?: string;
  /** Where lines go; standard output unless a test passes its own stream. */
  readonly destination?: DestinationStream;
}

/** A logger for a process; child loggers inherit the ids and the redaction. */
export function createLogger(settings: LoggerSettings): Logger {
  const options: LoggerOptions = {
    level: settings.level ?? 'info',
    base: { service: settings.service, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: redacted, bindings: redacted },
    mixin: () => ({ ...logContext() }),
    serializers: { err: describeError, error: describeError },
  };
  return pino(options, settings.destination ?? openLogOutput());
}

interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: DescribedError | string;
}

/**
 * An error with its chain of causes and nothing else: fields that libraries hang on errors (query parameters, response
 * bodies, request options) may hold secrets.
 */
export function describeError(error: unknown): DescribedError | string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && error.code !== undefined ? { code: String(error.code) } : {};
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  const stack = error.stack === undefined ? {} : { stack: withoutCredentials(error.stack) };
  return { type: error.name, message: withoutCredentials(error.message), ...code, ...stack, ...cause };
}

function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^\s/@]+@/g, '://[redacted]@');
}
