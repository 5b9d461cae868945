/** google.longrunning.Operations over our operations. The response of one that is done is the resource. */
import { GRPC_CODES } from '@compute/contract';
import { isFault } from '@compute/domain';
import {
  Any,
  Operation as Message,
  OperationMetadata,
  type OperationsServer,
  VmDisk,
  VmInstance,
} from '@compute/proto';
import type { Operation } from '@compute/store';
import type { ApiParts } from '../application/api-parts.ts';
import type { Call, Calls } from './calls.ts';
import { Unimplemented } from './calls.ts';
import { pageSizeOf } from './resource-methods.ts';
import { vmDiskMessage } from './vm-disk-messages.ts';
import { vmInstanceMessage } from './vm-instance-messages.ts';

const MAX_WAIT_MS = 120_000;
const TYPE_PREFIX = 'type.googleapis.com/';

export function operationMethods(calls: Calls, parts: ApiParts): Omit<OperationsServer, symbol> {
  return {
    getOperation: calls.unary('GetOperation', async (call, { name }) =>
      operationMessage(call, parts, await parts.operations.get(call, idOf(name), 0)),
    ),
    waitOperation: calls.unary('WaitOperation', async (call, { name, timeout }) => {
      const asked = timeout ? Number(timeout.seconds) * 1_000 + timeout.nanos / 1_000_000 : MAX_WAIT_MS;
      const waitMs = Math.min(Math.max(asked, 0), MAX_WAIT_MS);
      return operationMessage(call, parts, await parts.operations.get(call, idOf(name), waitMs, call.signal));
    }),
    listOperations: calls.unary('ListOperations', async (call, { name, pageSize, pageToken }) => {
      const project = name.replace(/^projects\//, '').replace(/\/operations$/, '');
      const page = await parts.operations.list(call, { project, pageSize: pageSizeOf(pageSize), pageToken });
      const operations = await Promise.all(page.items.map((operation) => operationMessage(call, parts, operation)));
      return { operations, nextPageToken: page.next ?? '', unreachable: [] };
    }),
    cancelOperation: calls.unary('CancelOperation', () => {
      throw new Unimplemented('What was asked for is changed or deleted by its resource, not by its operation.');
    }),
    deleteOperation: calls.unary('DeleteOperation', () => {
      throw new Unimplemented('Operations are kept as long as the history of their resource.');
    }),
  };
}

const idOf = (name: string): string => name.replace(/^operations\//, '');

async function operationMessage(call: Call, parts: ApiParts, operation: Operation): Promise<Message> {
  const { id, project, kind, uid, name, verb, generation, createdAt, doneAt, error } = operation;
  const metadata = OperationMetadata.fromPartial({
    project,
    kind,
    uid,
    name,
    verb,
    generation: BigInt(generation),
    createTime: createdAt,
  });
  if (doneAt) metadata.endTime = doneAt;
  return Message.fromPartial({
    name: `operations/${id}`,
    metadata: {
      typeUrl: `${TYPE_PREFIX}compute.v1.OperationMetadata`,
      value: Buffer.from(OperationMetadata.encode(metadata).finish()),
    },
    done: doneAt !== undefined,
    ...(error
      ? {
          result: {
            $case: 'error',
            value: { code: GRPC_CODES.FAILED_PRECONDITION, message: `${error.code}: ${error.message}` },
          },
        }
      : {}),
    ...(doneAt && !error ? { result: { $case: 'response', value: await responseOf(call, parts, operation) } } : {}),
  });
}

const EMPTY: Any = { typeUrl: `${TYPE_PREFIX}google.protobuf.Empty`, value: Buffer.alloc(0) };

/** The resource as it is now; nothing when it is gone. */
async function responseOf(call: Call, parts: ApiParts, { kind, project, name, verb, uid }: Operation): Promise<Any> {
  if (verb === 'delete') return EMPTY;
  try {
    if (kind === 'VMInstance') {
      const row = await parts.instances.get(call, project, name);
      const value = Buffer.from(VmInstance.encode(vmInstanceMessage(row)).finish());
      return row.uid === uid ? { typeUrl: `${TYPE_PREFIX}compute.v1.VmInstance`, value } : EMPTY;
    }
    const row = await parts.disks.get(call, project, name);
    const value = Buffer.from(VmDisk.encode(vmDiskMessage(row)).finish());
    return row.uid === uid ? { typeUrl: `${TYPE_PREFIX}compute.v1.VmDisk`, value } : EMPTY;
  } catch (error) {
    if (isFault(error, 'NotFound')) return EMPTY;
    throw error;
  }
}
