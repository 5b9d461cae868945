/** One place at which one project's worker is made to fail, once. */
import type { FaultPoint } from '@compute/worker';

export interface Trap {
  readonly index: number;
  readonly point: FaultPoint;
  /** `fail`: the step throws. `kill`: the process gets SIGKILL there. */
  readonly does: 'fail' | 'kill';
  /** Whose look must reach the point. Steps that concern no single resource fire for the first that reaches them. */
  readonly project: string;
}
