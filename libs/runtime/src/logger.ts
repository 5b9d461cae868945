/**
 * The one way to write logs: one event of the list in `log-events.ts` as one JSON object a line on standard output, with the ids
 * of the work in hand.
 *
 * A reader could break: everything in `redaction.ts` is replaced at the top level and up to two levels down. A secret
 * under another name is not, so never log a request body or a spec; log its kind, name and uid.
 */
import { type DestinationStream, type LoggerOptions, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import { logContext } from './log-context.ts';
import { LOG_EVENTS, type LogEventDefinition, type LogEventName, type LogFields } from './log-events.ts';
import { openLogOutput } from './log-output.ts';
import { redacted } from './redaction.ts';

/** The event that lines of libraries bear. */
export const LIBRARY_EVENT = 'library.message';

export type LibraryLevel = 'trace' | 'debug' | 'warn' | 'error' | 'fatal';

export interface Logger {
  /** Writes one event with its own level and message. */
  event<N extends LogEventName>(name: N, fields?: LogFields<N>): void;
  /** The same whatever the level of the others: for what somebody waits for. */
  announce<N extends LogEventName>(name: N, fields?: LogFields<N>): void;
  /** What a library says, in its own words. */
  library(level: LibraryLevel, fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface LoggerSettings {
  /** Name of the process kind: `api`, `worker`, `dev`. */
  readonly service: string;
  readonly level?: string;
  /** Where lines go; standard output unless a test passes its own stream. */
  readonly destination?: DestinationStream;
}

/** A logger for a process. */
export function createLogger(settings: LoggerSettings): Logger {
  const options: LoggerOptions = {
    level: settings.level ?? 'info',
    base: { service: settings.service, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: redacted, bindings: redacted },
    mixin: () => ({ ...logContext() }),
    serializers: { err: describeError, error: describeError },
  };
  return new EventLogger(pino(options, settings.destination ?? openLogOutput()));
}

class EventLogger implements Logger {
  readonly #pino: PinoLogger;

  constructor(lines: PinoLogger) {
    this.#pino = lines;
  }

  event<N extends LogEventName>(name: N, fields?: LogFields<N>): void {
    write(this.#pino, name, fields);
  }

  announce<N extends LogEventName>(name: N, fields?: LogFields<N>): void {
    write(this.#pino.child({}, { level: LOG_EVENTS[name].level }), name, fields);
  }

  library(level: LibraryLevel, fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#pino[level]({ event: LIBRARY_EVENT, ...fields }, message);
  }
}

function write(lines: PinoLogger, name: LogEventName, fields: object | undefined): void {
  const { level, message }: LogEventDefinition = LOG_EVENTS[name];
  if (lines.isLevelEnabled(level)) lines[level]({ event: name, ...fields }, message);
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
