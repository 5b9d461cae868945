/** What a verb answers while its batch is still open: the outcome follows once the batch is stored. */
import type { AnyResource } from '@compute/domain';
import type {
  CreateCommand,
  CreateOutcome,
  DeletionOutcome,
  ObserveCommand,
  ObserveOutcome,
  RemoveCommand,
  RequestDeletionCommand,
  WantCommand,
  WantOutcome,
} from '../commands.ts';

export type Command =
  | ({ readonly verb: 'create' } & CreateCommand)
  | ({ readonly verb: 'want' } & WantCommand)
  | ({ readonly verb: 'requestDeletion' } & RequestDeletionCommand)
  | ({ readonly verb: 'observe' } & ObserveCommand)
  | ({ readonly verb: 'remove' } & RemoveCommand);

export type Verb = Command['verb'];
export type Outcome = CreateOutcome | WantOutcome | DeletionOutcome | ObserveOutcome | { readonly outcome: 'removed' };

/** What can be asked once the batch is stored. */
export interface AfterStoring {
  /** A resource as it was when an earlier request was answered. */
  asAnswered(uid: string, resourceVersion: number): Promise<AnyResource>;
}

export type Decision = (after: AfterStoring) => Outcome | Promise<Outcome>;
