/** Virtual machines over gRPC. */
import { type StartVmInstanceRequest, VmInstance, type VmInstanceServiceServer } from '@compute/proto';
import type { VmInstanceService } from '../application/vm-instance-service.ts';
import type { Call, Calls } from './calls.ts';
import { create, listOf, type MessageCodec, read, replyAccepted, update, writeOptionsOf } from './resource-methods.ts';
import { vmInstanceInput, vmInstanceMessage } from './vm-instance-messages.ts';

const codec: MessageCodec<'VMInstance', VmInstance> = {
  root: 'vm_instance',
  input: vmInstanceInput,
  message: vmInstanceMessage,
  partial: VmInstance.fromPartial,
};

type PowerAction = VmInstanceService['stop'];
type ActionRequest = StartVmInstanceRequest;

export function vmInstanceMethods(calls: Calls, service: VmInstanceService): Omit<VmInstanceServiceServer, symbol> {
  const act = async (call: Call, request: ActionRequest, action: PowerAction, sent?: object) => {
    const { project, name } = request;
    return replyAccepted(call, codec, await action.call(service, call, project, name, writeOptionsOf(request), sent));
  };
  return {
    createVmInstance: calls.unary(
      'CreateVmInstance',
      (call, request) => create(call, service, codec, request, request.vmInstance),
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
    startVmInstance: calls.unary('StartVmInstance', (call, request) => act(call, request, service.start)),
    stopVmInstance: calls.unary('StopVmInstance', (call, request) => act(call, request, service.stop, sentBy(request))),
    restartVmInstance: calls.unary('RestartVmInstance', (call, request) =>
      act(call, request, service.restart, sentBy(request)),
    ),
    pauseVmInstance: calls.unary('PauseVmInstance', (call, request) => act(call, request, service.pause)),
    unpauseVmInstance: calls.unary('UnpauseVmInstance', (call, request) => act(call, request, service.unpause)),
  };
}

/** The options of a stop or restart as the other faces send them. */
function sentBy({ force, gracePeriodSeconds }: { force: boolean; gracePeriodSeconds: number | undefined }): object {
  return { force, ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }) };
}
