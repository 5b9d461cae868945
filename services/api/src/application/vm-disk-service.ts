/** Virtual disks: what every resource can, and the end of an import. A failed import is tried again by `retry`. */
import { Fault } from '@compute/domain';
import type { RequestContext, WriteOptions } from './request-context.ts';
import { type Accepted, ResourceService, type ResourceServiceParts } from './resource-service.ts';

export class VmDiskService extends ResourceService<'VMDisk'> {
  constructor(parts: ResourceServiceParts) {
    super('VMDisk', parts);
  }

  /**
   * Gives up an import that is under way; asked again, nothing changes. With `uid` only of that incarnation. Throws
   * `NotCancellable` when nothing is being imported.
   */
  async cancel(
    context: RequestContext,
    project: string,
    name: string,
    options: WriteOptions & { readonly uid?: string },
  ): Promise<Accepted<'VMDisk'>> {
    return this.ask(context, project, name, options, 'cancel', (before) => {
      if (options.uid === undefined || options.uid === before.uid) return { cancel: true };
      const message = `VMDisk '${name}' is another one than the operation began with.`;
      throw new Fault('NotCancellable', message, { resource: { kind: 'VMDisk', name } });
    });
  }
}
