/** What is kept of a long-running operation. */
import type { OperationError, OperationVerb } from '../operation.ts';
import type { Kind } from '../resource.ts';

export interface Operation {
  readonly id: string;
  readonly project: string;
  readonly kind: Kind;
  readonly uid: string;
  readonly name: string;
  readonly verb: OperationVerb;
  readonly generation: number;
  readonly createdAt: Date;
  readonly doneAt?: Date;
  /** Present only on operations that are done and failed. */
  readonly error?: OperationError;
  readonly requestId: string;
}
