/** A long-running operation: what was asked for, how far it is, and how it ended. */
import type { Kind, Operation, OperationError, OperationVerb, Transition } from '@compute/domain';

/** How far the resource of an open operation is. */
export interface OperationProgress {
  readonly phase: string;
  readonly message?: string;
  /** Of an import; absent while unknown. */
  readonly percent?: number;
  /** Of an import. */
  readonly attempts?: number;
}

/** What belongs to one operation alone and is not read for a list of them. */
export interface OperationDetails {
  /** What happened to the resource since the operation began, up to its end, in that order. */
  readonly steps: readonly Transition[];
  /** Absent once it is done. */
  readonly progress?: OperationProgress;
}

export interface OperationStepView {
  /** `Phase` or the type of a condition. */
  readonly type: string;
  readonly to: string;
  readonly reason: string;
  readonly message: string;
  readonly at: string;
}

export interface OperationView {
  readonly id: string;
  readonly project: string;
  readonly verb: OperationVerb;
  readonly target: { readonly kind: Kind; readonly name: string; readonly uid: string; readonly generation: number };
  readonly done: boolean;
  readonly createdAt: string;
  readonly doneAt?: string;
  readonly progress?: OperationProgress;
  readonly steps?: readonly OperationStepView[];
  readonly error?: OperationError;
  readonly requestId: string;
}

export function operationView(operation: Operation, details?: OperationDetails): OperationView {
  const { id, project, verb, kind, name, uid, generation, createdAt, doneAt, error, requestId } = operation;
  return {
    id,
    project,
    verb,
    target: { kind, name, uid, generation },
    done: doneAt !== undefined,
    createdAt: createdAt.toISOString(),
    ...(doneAt ? { doneAt: doneAt.toISOString() } : {}),
    ...(details?.progress ? { progress: details.progress } : {}),
    ...(details ? { steps: details.steps.map(stepView) } : {}),
    ...(error ? { error } : {}),
    requestId,
  };
}

const stepView = ({ type, to, reason, message, at }: Transition): OperationStepView => ({
  type,
  to,
  reason,
  message,
  at: at.toISOString(),
});
