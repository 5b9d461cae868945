/** Who changed what, over gRPC. */
import type { AuditServiceServer } from '@compute/proto';
import type { AuditEntry } from '@compute/store';
import type { ApiParts } from '../application/api-parts.ts';
import type { Calls } from './calls.ts';
import { pageSizeOf } from './resource-methods.ts';

export function auditMethods(calls: Calls, { audit }: ApiParts): Omit<AuditServiceServer, symbol> {
  return {
    listAuditEntries: calls.unary('ListAuditEntries', async (call, request) => {
      const { project, actor, from, to, pageToken } = request;
      const page = await audit.list(call, {
        project: project === '' ? undefined : project,
        actor: actor === '' ? undefined : actor,
        ...{ from, to, pageSize: pageSizeOf(request.pageSize), pageToken },
      });
      return { entries: page.items.map(entryMessage), nextPageToken: page.next ?? '' };
    }),
  };
}

function entryMessage({ id: _id, ...entry }: AuditEntry) {
  const { uid = '', traceId = '', face = '', address = '' } = entry;
  return { ...entry, uid, traceId, face, address };
}
