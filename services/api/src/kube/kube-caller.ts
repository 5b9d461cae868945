/** Who asks through this face: the user that the protocol knows, with the context that the application services take. */
import type { RequestUser } from '@compute/kube-wire';
import type { KeyCheck } from '../application/key-check.ts';
import type { RequestContext } from '../application/request-context.ts';

/** Looks at the caller's key again and again, until stopped or refused. */
export type KeepChecking = (onRefused: () => void) => KeyCheck;

export class KubeCaller implements RequestUser {
  readonly name: string;
  readonly groups: string[];
  readonly context: RequestContext;
  /** Holds the key, so that nothing else has to carry it. */
  readonly keepChecking: KeepChecking;

  constructor(context: RequestContext, keepChecking: KeepChecking) {
    this.context = context;
    this.keepChecking = keepChecking;
    this.name = context.caller.actor.id;
    this.groups = context.caller.scopes.map((scope) => `scope:${scope}`);
  }
}

/** A user of this face. */
export function callerOf(user: RequestUser): KubeCaller {
  if (user instanceof KubeCaller) return user;
  throw new Error('A user came in who was not authenticated by this face.');
}
