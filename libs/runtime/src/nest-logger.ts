/** Lets NestJS write through our logger, so that its lines have the same shape as ours. Knows Nest only by shape. */
import type { Logger } from './logger.ts';

/** The shape of Nest's `LoggerService`. */
export interface FrameworkLogger {
  log(message: unknown, ...details: unknown[]): void;
  error(message: unknown, ...details: unknown[]): void;
  warn(message: unknown, ...details: unknown[]): void;
  debug(message: unknown, ...details: unknown[]): void;
  verbose(message: unknown, ...details: unknown[]): void;
  fatal(message: unknown, ...details: unknown[]): void;
}

/** Nest's start-up narration becomes `debug`; what it warns of keeps its level. */
export function frameworkLogger(logger: Logger): FrameworkLogger {
  const at =
    (level: 'debug' | 'trace' | 'warn' | 'error' | 'fatal') =>
    (message: unknown, ...details: unknown[]) =>
      logger.library(level, fieldsOf(message, details), textOf(message));
  return {
    log: at('debug'),
    debug: at('debug'),
    verbose: at('trace'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
  };
}

function textOf(message: unknown): string {
  if (message instanceof Error) return message.message;
  return typeof message === 'string' ? message : JSON.stringify(message);
}

function fieldsOf(message: unknown, details: unknown[]): Record<string, unknown> {
  const context = details.at(-1);
  const stack = details.length > 1 && typeof details[0] === 'string' ? { stack: details[0] } : {};
  const err = message instanceof Error ? { err: message } : {};
  return { ...(typeof context === 'string' ? { context } : {}), ...stack, ...err };
}
