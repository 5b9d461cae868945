/** Leaves a case out with a reason that the matrix prints. */
import type { TestContext } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Why the case was not run. */
    reason?: string;
  }
}

/** Never returns: the case ends here as skipped. */
export function notRun(context: TestContext, reason: string): never {
  context.task.meta.reason = reason;
  return context.skip(reason);
}
