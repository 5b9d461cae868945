/** Virtual disks: what every resource can. A failed import is tried again by `retry`. */
import { ResourceService, type ResourceServiceParts } from './resource-service.ts';

export class VmDiskService extends ResourceService<'VMDisk'> {
  constructor(parts: ResourceServiceParts) {
    super('VMDisk', parts);
  }
}
