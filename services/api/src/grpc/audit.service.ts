/** Who changed what, over gRPC. */
import type { AuditEntry } from '@compute/domain';
import type { AuditServiceServer } from '@compute/proto';
import type { ApiParts } from '../application/api-parts.ts';
import type { Calls } from './calls.ts';
import { given, uidGiven } from './request-fields.ts';
import { pageSizeOf } from './resource-methods.ts';

export function auditMethods(calls: Calls, { audit }: ApiParts): Omit<AuditServiceServer, symbol> {
  return {
    listAuditEntries: calls.unary('ListAuditEntries', async (call, request) => {
      const { project, actor, kind, name, uid, verb, from, to, pageToken } = request;
      const page = await audit.list(call, {
        ...{ project: given(project), actor: given(actor), verb: given(verb) },
        ...{ kind: given(kind), name: given(name), uid: uidGiven(uid) },
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
