import { Controller } from '@nestjs/common';
import { VmDiskService } from '../application/vm-disk-service.ts';
import { type Action, ResourceController } from './resource.controller.ts';

/** Virtual disks over REST. */
@Controller('v1/projects/:project/vm-disks')
export class VmDisksController extends ResourceController<'VMDisk'> {
  protected readonly service: VmDiskService;
  protected readonly actions: Readonly<Record<string, Action<'VMDisk'>>>;

  constructor(service: VmDiskService) {
    super();
    this.service = service;
    this.actions = { cancel: service.cancel.bind(service), retry: service.retry.bind(service) };
  }
}
