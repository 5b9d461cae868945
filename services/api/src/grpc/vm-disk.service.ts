/** Virtual disks over gRPC. */
import { VmDisk, type VmDiskServiceServer } from '@compute/proto';
import type { VmDiskService } from '../application/vm-disk-service.ts';
import type { Calls } from './calls.ts';
import { act, create, listOf, type MessageCodec, read, update } from './resource-methods.ts';
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
      (call, request) => create(call, service, codec, request, request.vmDisk),
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
    deleteVmDisk: calls.unary('DeleteVmDisk', (call, request) =>
      act(call, codec, request, service.delete.bind(service)),
    ),
    cancelVmDisk: calls.unary('CancelVmDisk', (call, request) =>
      act(call, codec, request, service.cancel.bind(service)),
    ),
    retryVmDisk: calls.unary('RetryVmDisk', (call, request) => act(call, codec, request, service.retry.bind(service))),
  };
}
