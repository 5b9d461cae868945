/** What an operation may be about. A verb that is added here is asked for wherever operations are told apart. */

import { POWER_VERBS } from './vm-instance/power.ts';

export const OPERATION_VERBS = ['create', 'update', 'retry', 'cancel', 'delete', ...POWER_VERBS] as const;
export type OperationVerb = (typeof OPERATION_VERBS)[number];

/** Why an operation failed; code and remedy are those of the resource's failure. */
export interface OperationError {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly retryable?: boolean;
}

/** What a list of operations can be filtered by. */
export type OperationFilterField = 'kind' | 'name' | 'verb' | 'done' | 'failed' | 'createdAt';
