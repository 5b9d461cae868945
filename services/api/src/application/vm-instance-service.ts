/** Virtual machines: what every resource can, and power. */

import { powered, started, stopped } from './power.ts';
import type { RequestContext, WriteOptions } from './request-context.ts';
import type { Accepted } from './resource-service.ts';
import { ResourceService, type ResourceServiceParts } from './resource-service.ts';

export class VmInstanceService extends ResourceService<'VMInstance'> {
  constructor(parts: ResourceServiceParts) {
    super('VMInstance', parts);
  }

  start(
    context: RequestContext,
    project: string,
    name: string,
    options: WriteOptions,
  ): Promise<Accepted<'VMInstance'>> {
    return this.edit(context, project, name, powered(started), options, ['start']);
  }

  stop(context: RequestContext, project: string, name: string, options: WriteOptions): Promise<Accepted<'VMInstance'>> {
    return this.edit(context, project, name, powered(stopped), options, ['stop']);
  }
}
