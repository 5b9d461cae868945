/** What happened, over gRPC. */
import { availabilityView, faultOf, type ImportOutcomesView, type UptimeView } from '@compute/contract';
import type { Transition } from '@compute/domain';
import type { HistoryServiceServer } from '@compute/proto';
import type { ApiParts } from '../application/api-parts.ts';
import type { Calls } from './calls.ts';
import { given, kindGiven, uidGiven } from './request-fields.ts';
import { pageSizeOf } from './resource-methods.ts';

export function historyMethods(calls: Calls, { history, availability }: ApiParts): Omit<HistoryServiceServer, symbol> {
  return {
    listTransitions: calls.unary('ListTransitions', async (call, request) => {
      const { project, kind, name, uid, type, from, to, orderBy, pageToken } = request;
      const page = await history.list(call, {
        ...{ project, kind: kindGiven(kind), name: given(name), uid: uidGiven(uid), type: given(type), from, to },
        ...{ orderBy: orderOf(orderBy), pageSize: pageSizeOf(request.pageSize), pageToken },
      });
      return { transitions: page.items.map(transitionMessage), nextPageToken: page.next ?? '' };
    }),
    getAvailability: calls.unary('GetAvailability', async (call, request) => {
      const { project, kind, name, uid, from, to, pageToken } = request;
      const page = await availability.report(call, {
        ...{ project, kind: kindGiven(kind), name: given(name), uid: uidGiven(uid), from, to },
        ...{ pageSize: pageSizeOf(request.pageSize), pageToken },
      });
      const { machines, disks, items, nextPageToken } = availabilityView(page);
      return {
        ...page.range,
        ...{ machineCount: machines.count, uptime: uptimeMessage(machines) },
        ...{ diskCount: disks.count, imports: importsMessage(disks) },
        resources: items.map((item) => ({
          ...item,
          uptime: item.uptime && uptimeMessage(item.uptime),
          imports: item.imports && importsMessage(item.imports),
        })),
        nextPageToken,
      };
    }),
  };
}

function uptimeMessage({ availability, meanTimeToRepairSeconds, ...uptime }: UptimeView) {
  return { ...uptime, availability, meanTimeToRepairSeconds };
}

function importsMessage({ successRate, ...outcomes }: ImportOutcomesView) {
  return { ...outcomes, successRate };
}

function transitionMessage({ seq: _seq, project: _project, ...row }: Transition) {
  return { ...row, from: row.from ?? '', generation: BigInt(row.generation), traceId: row.traceId ?? '' };
}

function orderOf(orderBy: string): 'at' | 'at desc' {
  if (orderBy === 'at' || orderBy === 'at desc') return orderBy;
  if (orderBy === '') return 'at desc';
  throw faultOf([{ pointer: '/orderBy', code: 'invalid_value', message: 'Must be "at" or "at desc".' }]);
}
