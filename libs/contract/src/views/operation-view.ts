/** A long-running operation: what was asked for, and whether it is done. */
import type { Kind } from '@compute/domain';

export interface OperationFacts {
  readonly id: string;
  readonly project: string;
  readonly kind: Kind;
  readonly uid: string;
  readonly name: string;
  readonly verb: 'create' | 'update' | 'retry' | 'delete';
  readonly generation: number;
  readonly createdAt: Date;
  readonly doneAt?: Date;
  readonly error?: { readonly code: string; readonly message: string };
  readonly requestId: string;
}

export interface OperationView {
  readonly id: string;
  readonly project: string;
  readonly verb: OperationFacts['verb'];
  readonly target: { readonly kind: Kind; readonly name: string; readonly uid: string; readonly generation: number };
  readonly done: boolean;
  readonly createdAt: string;
  readonly doneAt?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly requestId: string;
}

export function operationView(operation: OperationFacts): OperationView {
  const { id, project, verb, kind, name, uid, generation, createdAt, doneAt, error, requestId } = operation;
  return {
    id,
    project,
    verb,
    target: { kind, name, uid, generation },
    done: doneAt !== undefined,
    createdAt: createdAt.toISOString(),
    ...(doneAt ? { doneAt: doneAt.toISOString() } : {}),
    ...(error ? { error } : {}),
    requestId,
  };
}
