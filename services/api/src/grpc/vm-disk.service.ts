/** Virtual disks over gRPC. */
import { VmDisk, type VmDiskServiceServer } from '@compute/proto';
import type { VmDiskService } from '../application/vm-disk-service.ts';
import type { Calls } from './calls.ts';
import { listOf, type MessageCodec, read, replyAccepted, update, writeOptionsOf } from './resource-methods.ts';
import { vmDiskInput, vmDiskMessage } from './vm-disk-messages.ts';

const codec: MessageCodec<'VMDisk', VmDisk> = {
  root: 'vm_disk',
  input: vmDiskInput,
  message: vmDiskMessage,
  partial: VmDisk.fromPartial,
};

export function vmDiskMethods(calls: Calls, service: VmDiskService): Omit<VmDiskServiceServer, symbol> {
  return {
    createVmDisk: calls.unary(
      'CreateVmDisk',
      async (call, request) => {
        const accepted = await service.create(
          call,
          request.project,
          codec.input(request.vmDisk),
          writeOptionsOf(request),
        );
        return replyAccepted(call, codec, accepted);
      },
      codec.root,
    ),
    getVmDisk: calls.unary('GetVmDisk', (call, request) => read(call, service, codec, request)),
    listVmDisks: calls.unary('ListVmDisks', async (call, request) => {
      const { items, nextPageToken } = await listOf(call, service, codec, request);
      return { vmDisks: items, nextPageToken };
    }),
    updateVmDisk: calls.unary(
      'UpdateVmDisk',
      (call, request) => update(call, service, codec, request, request.vmDisk),
      codec.root,
    ),
    deleteVmDisk: calls.unary('DeleteVmDisk', async (call, request) =>
      replyAccepted(call, codec, await service.delete(call, request.project, request.name, writeOptionsOf(request))),
    ),
    cancelVmDisk: calls.unary('CancelVmDisk', async (call, request) =>
      replyAccepted(call, codec, await service.cancel(call, request.project, request.name, writeOptionsOf(request))),
    ),
    retryVmDisk: calls.unary('RetryVmDisk', async (call, request) =>
      replyAccepted(call, codec, await service.retry(call, request.project, request.name, writeOptionsOf(request))),
    ),
  };
}
