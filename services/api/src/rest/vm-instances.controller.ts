import { Controller } from '@nestjs/common';
import { VmInstanceService } from '../application/vm-instance-service.ts';
import { type Action, ResourceController } from './resource.controller.ts';

/** Virtual machines over REST. */
@Controller('v1/projects/:project/vm-instances')
export class VmInstancesController extends ResourceController<'VMInstance'> {
  protected readonly service: VmInstanceService;
  protected readonly actions: Readonly<Record<string, Action<'VMInstance'>>>;

  constructor(service: VmInstanceService) {
    super();
    this.service = service;
    this.actions = {
      start: service.start.bind(service),
      stop: service.stop.bind(service),
      restart: service.restart.bind(service),
      pause: service.pause.bind(service),
      unpause: service.unpause.bind(service),
    };
  }
}
