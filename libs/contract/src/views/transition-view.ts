/** One entry of the history. */
import type { Transition } from '@compute/domain';

export interface TransitionView {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  /** `Phase`, the type of a condition, `Power` or `Charge`. */
  readonly type: string;
  readonly from?: string;
  readonly to: string;
  readonly reason: string;
  readonly message: string;
  readonly actor: string;
  readonly generation: number;
  readonly at: string;
  readonly recordedAt: string;
  readonly traceId?: string;
}

export function transitionView(transition: Transition): TransitionView {
  const { seq: _seq, project: _project, at, recordedAt, ...rest } = transition;
  return { ...rest, at: at.toISOString(), recordedAt: recordedAt.toISOString() };
}
