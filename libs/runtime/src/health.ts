/**
 * Knows whether the process lives and whether it may get work: the bodies of /healthz and /readyz.
 *
 * A reader could break: liveness never asks a dependency. A database that is away makes a process unready, and a restart
 * of the process would not bring the database back.
 */

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly durationMs: number;
  /** Why it failed, without addresses or credentials of the dependency. */
  readonly problem?: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly draining: boolean;
  readonly checks: readonly CheckResult[];
}

/** Resolves when the dependency answers; rejects with the reason when it does not. */
export type HealthCheck = () => Promise<unknown>;

interface RegisteredCheck {
  readonly name: string;
  readonly check: HealthCheck;
  readonly timeoutMs: number;
}

export class HealthRegistry {
  readonly #checks: RegisteredCheck[] = [];
  readonly #startedAt = Date.now();
  #draining = false;

  /** Adds a dependency that must answer within `timeoutMs` for the process to be ready. */
  register(name: string, check: HealthCheck, timeoutMs = 2_000): void {
    this.#checks.push({ name, check, timeoutMs });
  }

  /** From now on the process is not ready, so that balancers stop sending before it stops answering. */
  drain(): void {
    this.#draining = true;
  }

  live(): { status: 'ok'; uptimeSeconds: number } {
    return { status: 'ok', uptimeSeconds: Math.round((Date.now() - this.#startedAt) / 1_000) };
  }

  /** Asks all dependencies at once; takes at most the longest timeout. */
  async ready(): Promise<Readiness> {
    const checks = await Promise.all(this.#checks.map(runCheck));
    return { ready: !this.#draining && checks.every((check) => check.ok), draining: this.#draining, checks };
  }
}

async function runCheck({ name, check, timeoutMs }: RegisteredCheck): Promise<CheckResult> {
  const startedAt = performance.now();
  const finish = (ok: boolean) => ({ name, ok, durationMs: Math.round(performance.now() - startedAt) });
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([Promise.resolve().then(check), expiry]);
    return finish(true);
  } catch (error) {
    return { ...finish(false), problem: shortReason(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** A system error's code says enough (`ECONNREFUSED`); its message would name addresses. */
function shortReason(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : String(error);
}
