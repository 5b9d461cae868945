/** google.longrunning.Operations over our operations. The response of one that is done is the resource. */
import { errorReason, GRPC_CODES, type OperationDetails } from '@compute/contract';
import { isFault, type Operation, type OperationError } from '@compute/domain';
import {
  Any,
  ErrorInfo,
  Operation as Message,
  OperationMetadata,
  type OperationsServer,
  VmDisk,
  VmInstance,
} from '@compute/proto';
import type { ApiParts } from '../application/api-parts.ts';
import type { Call, Calls } from './calls.ts';
import { Unimplemented } from './calls.ts';
import { DOMAIN } from './grpc-error.ts';
import { pageSizeOf } from './resource-methods.ts';
import { vmDiskMessage } from './vm-disk-messages.ts';
import { vmInstanceMessage } from './vm-instance-messages.ts';

const MAX_WAIT_MS = 120_000;
const TYPE_PREFIX = 'type.googleapis.com/';

export function operationMethods(calls: Calls, parts: ApiParts): Omit<OperationsServer, symbol> {
  const shown = async (call: Call, operation: Operation): Promise<Message> =>
    operationMessage(call, parts, operation, await parts.operations.details(operation));
  return {
    getOperation: calls.unary('GetOperation', async (call, { name }) =>
      shown(call, await parts.operations.get(call, idOf(name), 0)),
    ),
    waitOperation: calls.unary('WaitOperation', async (call, { name, timeout }) => {
      const asked = timeout ? Number(timeout.seconds) * 1_000 + timeout.nanos / 1_000_000 : MAX_WAIT_MS;
      const waitMs = Math.min(Math.max(asked, 0), MAX_WAIT_MS);
      return shown(call, await parts.operations.get(call, idOf(name), waitMs, call.signal));
    }),
    listOperations: calls.unary('ListOperations', async (call, { name, filter, pageSize, pageToken }) => {
      const project = /^(?:projects\/)?([^/]+?)(?:\/operations)?$/.exec(name)?.[1];
      const page = await parts.operations.list(call, { project, filter, pageSize: pageSizeOf(pageSize), pageToken });
      const operations = await Promise.all(page.items.map((operation) => operationMessage(call, parts, operation)));
      return { operations, nextPageToken: page.next ?? '', unreachable: [] };
    }),
    cancelOperation: calls.unary('CancelOperation', async (call, { name }) => {
      await parts.operations.cancel(call, idOf(name));
      return {};
    }),
    deleteOperation: calls.unary('DeleteOperation', async (call, { name }) => {
      // Who may not see it learns nothing of it.
      await parts.operations.get(call, idOf(name), 0);
      throw new Unimplemented('Operations are records and are kept; CancelOperation gives up an import.');
    }),
  };
}

const idOf = (name: string): string => name.replace(/^operations\//, '');

async function operationMessage(
  call: Call,
  parts: ApiParts,
  operation: Operation,
  details?: OperationDetails,
): Promise<Message> {
  const { id, project, kind, uid, name, verb, generation, createdAt, doneAt, error } = operation;
  const metadata = OperationMetadata.fromPartial({
    project,
    kind,
    uid,
    name,
    verb,
    generation: BigInt(generation),
    createTime: createdAt,
    ...(details?.progress ? { progress: { message: '', ...details.progress } } : {}),
    steps: [...(details?.steps ?? [])],
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
            value: {
              code: GRPC_CODES.FAILED_PRECONDITION,
              message: `${error.code}: ${error.message}`,
              details: [errorInfo(error)],
            },
          },
        }
      : {}),
    ...(doneAt && !error ? { result: { $case: 'response', value: await responseOf(call, parts, operation) } } : {}),
  });
}

/** The code and the remedy, for programs; the same words as in the status of the resource. */
function errorInfo({ code, remedy = '', retryable = false }: OperationError): Any {
  const info = { reason: errorReason(code), domain: DOMAIN, metadata: { code, remedy, retryable: String(retryable) } };
  return { typeUrl: `${TYPE_PREFIX}google.rpc.ErrorInfo`, value: Buffer.from(ErrorInfo.encode(info).finish()) };
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
