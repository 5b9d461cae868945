/** Virtual machines: what every resource can, and power. */

import { graceOf, noOptionsSchema, parseBody, powerOptionsSchema } from '@compute/contract';
import { mayWrite } from './access-rules.ts';
import { powered, started, stopped } from './power.ts';
import type { RequestContext, WriteOptions } from './request-context.ts';
import { type Accepted, ResourceService, type ResourceServiceParts } from './resource-service.ts';

type Reply = Promise<Accepted<'VMInstance'>>;

/** Each action takes what its face was sent beside the address: unknown until it was checked here, absent is nothing. */
export class VmInstanceService extends ResourceService<'VMInstance'> {
  constructor(parts: ResourceServiceParts) {
    super('VMInstance', parts);
  }

  async start(context: RequestContext, project: string, name: string, options: WriteOptions, sent?: unknown): Reply {
    noOptions(context, project, sent);
    const power = { do: 'start' } as const;
    return this.edit(context, project, name, powered(started), { ...options, power }, ['start']);
  }

  /** `sent`: `{ force?, gracePeriodSeconds? }`. */
  async stop(context: RequestContext, project: string, name: string, options: WriteOptions, sent?: unknown): Reply {
    const grace = givenGrace(context, project, sent);
    const power = { do: 'stop', ...grace } as const;
    return this.edit(context, project, name, powered(stopped), { ...options, power }, ['stop', grace]);
  }

  /** As `stop`. Throws `WrongPowerState` for a machine that is to be off, or whose guest has ended. */
  async restart(context: RequestContext, project: string, name: string, options: WriteOptions, sent?: unknown): Reply {
    const grace = givenGrace(context, project, sent);
    const power = { do: 'restart', ...grace } as const;
    return this.ask(context, project, name, options, `restart ${JSON.stringify(grace)}`, () => ({ power }));
  }

  /** Throws `WrongPowerState` for a machine that does not run. */
  async pause(context: RequestContext, project: string, name: string, options: WriteOptions, sent?: unknown): Reply {
    noOptions(context, project, sent);
    return this.ask(context, project, name, options, 'pause', () => ({ power: { do: 'pause' } }));
  }

  async unpause(context: RequestContext, project: string, name: string, options: WriteOptions, sent?: unknown): Reply {
    noOptions(context, project, sent);
    return this.ask(context, project, name, options, 'unpause', () => ({ power: { do: 'unpause' } }));
  }
}

function noOptions(context: RequestContext, project: string, sent: unknown): void {
  mayWrite(context, project);
  parseBody(noOptionsSchema, sent);
}

function givenGrace(context: RequestContext, project: string, sent: unknown): { readonly graceSeconds?: number } {
  mayWrite(context, project);
  return graceOf(parseBody(powerOptionsSchema, sent));
}
