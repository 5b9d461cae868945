/** Changes over gRPC. A message without a resource is a heartbeat; every message carries where to go on. */
import { faultOf, type viewOf } from '@compute/contract';
import { type AnyResource, KINDS, type Kind } from '@compute/domain';
import { ChangeType, type WatchRequest, type WatchResponse, type WatchServiceServer } from '@compute/proto';
import type { ChangeOp } from '@compute/store';
import { viewFor } from '../application/view-for.ts';
import type { WatchService } from '../application/watch-service.ts';
import type { Call, Calls } from './calls.ts';
import { vmDiskMessage } from './vm-disk-messages.ts';
import { vmInstanceMessage } from './vm-instance-messages.ts';

const TYPES: Readonly<Record<ChangeOp, ChangeType>> = {
  ADDED: ChangeType.CHANGE_TYPE_ADDED,
  MODIFIED: ChangeType.CHANGE_TYPE_MODIFIED,
  DELETED: ChangeType.CHANGE_TYPE_DELETED,
};

export function watchMethods(calls: Calls, service: WatchService): Omit<WatchServiceServer, symbol> {
  return {
    watch: calls.stream(
      'Watch',
      (call, request) => changesOf(call, service, request),
      (last) => heartbeat(last?.resumeToken ?? ''),
    ),
  };
}

async function* changesOf(call: Call, service: WatchService, request: WatchRequest): AsyncIterable<WatchResponse> {
  const { project, labelSelector, resumeToken } = request;
  const asked = { project, kinds: kindsOf(request.kinds), labelSelector, after: resumeToken };
  const watch = await service.watch(call, asked, call.signal);
  for await (const item of watch.items) {
    if (item.what === 'bookmark') yield heartbeat(item.cursor);
    else
      yield {
        resumeToken: item.cursor ?? '',
        type: TYPES[item.op],
        resource: resourceOf(item.resource, viewFor(call)),
      };
  }
}

const heartbeat = (resumeToken: string): WatchResponse => ({
  resumeToken,
  type: ChangeType.CHANGE_TYPE_UNSPECIFIED,
  resource: undefined,
});

function resourceOf(row: AnyResource, viewed: typeof viewOf): WatchResponse['resource'] {
  if (row.kind === 'VMInstance') return { $case: 'vmInstance', value: vmInstanceMessage(row, viewed) };
  return { $case: 'vmDisk', value: vmDiskMessage(row, viewed) };
}

function kindsOf(words: readonly string[]): Kind[] {
  return words.map((word, index) => {
    const kind = KINDS.find((known) => known === word);
    if (kind) return kind;
    throw faultOf([
      { pointer: `/kinds/${index}`, code: 'invalid_value', message: `A kind is one of ${KINDS.join(', ')}.` },
    ]);
  });
}
