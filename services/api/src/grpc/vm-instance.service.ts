/** Virtual machines over gRPC. */
import { VmInstance, type VmInstanceServiceServer } from '@compute/proto';
import type { VmInstanceService } from '../application/vm-instance-service.ts';
import type { Calls } from './calls.ts';
import { listOf, type MessageCodec, read, replyAccepted, update, writeOptionsOf } from './resource-methods.ts';
import { vmInstanceInput, vmInstanceMessage } from './vm-instance-messages.ts';

const codec: MessageCodec<'VMInstance', VmInstance> = {
  root: 'vm_instance',
  input: vmInstanceInput,
  message: vmInstanceMessage,
  partial: VmInstance.fromPartial,
};

export function vmInstanceMethods(calls: Calls, service: VmInstanceService): Omit<VmInstanceServiceServer, symbol> {
  return {
    createVmInstance: calls.unary(
      'CreateVmInstance',
      async (call, request) => {
        const accepted = await service.create(
          call,
          request.project,
          codec.input(request.vmInstance),
          writeOptionsOf(request),
        );
        return replyAccepted(call, codec, accepted);
      },
      codec.root,
    ),
    getVmInstance: calls.unary('GetVmInstance', (call, request) => read(call, service, codec, request)),
    listVmInstances: calls.unary('ListVmInstances', async (call, request) => {
      const { items, nextPageToken } = await listOf(call, service, codec, request);
      return { vmInstances: items, nextPageToken };
    }),
    updateVmInstance: calls.unary(
      'UpdateVmInstance',
      (call, request) => update(call, service, codec, request, request.vmInstance),
      codec.root,
    ),
    deleteVmInstance: calls.unary('DeleteVmInstance', async (call, request) => {
      const options = { ...writeOptionsOf(request), withDisks: request.withDisks };
      return replyAccepted(call, codec, await service.delete(call, request.project, request.name, options));
    }),
    startVmInstance: calls.unary('StartVmInstance', async (call, request) =>
      replyAccepted(call, codec, await service.start(call, request.project, request.name, writeOptionsOf(request))),
    ),
    stopVmInstance: calls.unary('StopVmInstance', async (call, request) =>
      replyAccepted(call, codec, await service.stop(call, request.project, request.name, writeOptionsOf(request))),
    ),
  };
}
