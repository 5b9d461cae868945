/**
 * Carries the ids of the work in hand (request, operation, resource, trace) to every log event written while it runs.
 *
 * A reader could break: the context flows through `await` by AsyncLocalStorage; work that is started now and awaited by
 * nobody still carries the ids of who started it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface LogContext {
  readonly requestId?: string;
  readonly operationId?: string;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly project?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly jobId?: string;
}

const current = new AsyncLocalStorage<LogContext>();

/** Runs `work` with `fields` added to the ids that are already there. */
export function withLogContext<T>(fields: LogContext, work: () => T): T {
  return current.run({ ...current.getStore(), ...fields }, work);
}

/**
 * Adds `fields` for the rest of the current asynchronous flow, for callers (a Fastify hook) that cannot wrap
 * what follows in a function.
 */
export function enterLogContext(fields: LogContext): void {
  current.enterWith({ ...current.getStore(), ...fields });
}

/** Adds ids that became known to the work in hand, for all of it: also for who called. Nothing outside of any. */
export function noteIds(fields: LogContext): void {
  const context = current.getStore();
  if (context) Object.assign(context, fields);
}

/** The ids of the work in hand; empty outside of any. */
export function logContext(): LogContext {
  return current.getStore() ?? {};
}
