/**
 * Stops a process in order: each part registers how it stops when it starts, and parts stop in the reverse order, so that
 * nothing loses what it stands on while it still works.
 *
 * A reader could break: a step that fails or takes too long never keeps the later steps from running, and the process
 * always ends within the deadline.
 */
import type { Logger } from './logger.ts';

export interface ShutdownSettings {
  readonly logger: Logger;
  /** For all steps together; the process ends after it with exit code 1. */
  readonly deadlineMs?: number;
  /** How the process ends; a test passes its own. */
  readonly exit?: (code: number) => void;
}

interface Step {
  readonly name: string;
  readonly stop: () => Promise<unknown> | unknown;
}

const REPEATED_SIGNAL_MS = 1_000;

/** How long a process takes at most to stop in order. Whoever runs it must not kill it earlier. */
export const SHUTDOWN_DEADLINE_MS = 15_000;

export class Shutdown {
  readonly #logger: Logger;
  readonly #deadlineMs: number;
  readonly #exit: (code: number) => void;
  readonly #steps: Step[] = [];
  #running: Promise<number> | undefined;
  #signalledAt: number | undefined;

  constructor(settings: ShutdownSettings) {
    this.#logger = settings.logger;
    this.#deadlineMs = settings.deadlineMs ?? SHUTDOWN_DEADLINE_MS;
    this.#exit = settings.exit ?? ((code) => process.exit(code));
  }

  /** Registers how a part stops. The last registered stops first. */
  register(name: string, stop: Step['stop']): void {
    this.#steps.push({ name, stop });
  }

  /** True from the first moment of stopping. */
  get stopping(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Stops on SIGTERM, SIGINT and SIGHUP, and after an error that nobody caught. A second signal ends the process at once.
   */
  listen(): void {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => this.#onSignal(signal));
    process.on('uncaughtException', (err) => this.#onFatal(err, 'exception'));
    process.on('unhandledRejection', (err) => this.#onFatal(err, 'rejection'));
  }

  /** Runs all steps once; later calls get the result of the first. Resolves to the exit code: 0, or 1 after a problem. */
  stop(reason: string): Promise<number> {
    this.#running ??= this.#runSteps(reason);
    return this.#running;
  }

  /** One Ctrl-C can arrive twice: from the terminal and from npm. So only a later one means "at once". */
  #onSignal(signal: string): void {
    const first = !this.stopping;
    this.#signalledAt ??= Date.now();
    if (!first && Date.now() - this.#signalledAt > REPEATED_SIGNAL_MS) this.#exit(1);
    if (first) void this.stop(signal).then((code) => this.#exit(code));
  }

  #onFatal(err: unknown, origin: string): void {
    this.#logger.event('process.crashed', { err, origin });
    if (this.stopping) return;
    void this.stop('fatal error').then(() => this.#exit(1));
  }

  async #runSteps(reason: string): Promise<number> {
    this.#logger.event('process.stopping', { reason });
    const deadline = Date.now() + this.#deadlineMs;
    let problems = 0;
    for (const step of this.#steps.toReversed()) {
      if (!(await this.#runStep(step, deadline - Date.now()))) problems += 1;
    }
    this.#logger.event('process.stopped', { problems });
    return problems === 0 ? 0 : 1;
  }

  async #runStep(step: Step, remainingMs: number): Promise<boolean> {
    const startedAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const expiry = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('the deadline for stopping has passed')), Math.max(0, remainingMs));
    });
    try {
      await Promise.race([Promise.resolve().then(step.stop), expiry]);
      const durationMs = Math.round(performance.now() - startedAt);
      this.#logger.event('process.step-stopped', { step: step.name, durationMs });
      return true;
    } catch (err) {
      this.#logger.event('process.step-failed', { err, step: step.name });
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
