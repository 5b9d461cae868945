/** Who asks through this face: the user that the protocol knows, with the context that the application services take. */
import type { RequestUser } from '@compute/kube-wire';
import type { RequestContext } from '../application/request-context.ts';

export class KubeCaller implements RequestUser {
  readonly name: string;
  readonly groups: string[];
  readonly context: RequestContext;

  constructor(context: RequestContext) {
    this.context = context;
    this.name = context.caller.actor.id;
    this.groups = context.caller.scopes.map((scope) => `scope:${scope}`);
  }
}

/** The context of a user of this face. */
export function contextOf(user: RequestUser): RequestContext {
  if (user instanceof KubeCaller) return user.context;
  throw new Error('A user came in who was not authenticated by this face.');
}
