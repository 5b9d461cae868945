/**
 * Power as subresources of a machine, in the manner of KubeVirt's: `PUT` or `POST …/vminstances/{name}/restart` with the
 * options as the body. The answer is the machine as accepted; whether it is done is told by its status and its conditions.
 */
import { API_GROUP, API_VERSION, POWER_VERBS, type PowerVerb } from '@compute/domain';
import type { CustomRoute, RequestUser, RouteCall, RouteReply } from '@compute/kube-wire';
import type { VmInstanceService } from '../application/vm-instance-service.ts';
import { guarded, type NoteFault } from './guarded.ts';
import { callerOf } from './kube-caller.ts';
import { versionOf } from './kube-object.ts';
import { RESOURCE_KINDS } from './resource-kinds.ts';
import { warningTexts } from './warning-texts.ts';

const { kind, plural } = RESOURCE_KINDS.VMInstance;

/** `noteOf` gives what hears of the faults of a caller's requests. */
export function powerRoutes(service: VmInstanceService, noteOf: (user: RequestUser) => NoteFault): CustomRoute[] {
  return POWER_VERBS.map((subresource) => ({
    group: API_GROUP,
    version: API_VERSION.slice(API_GROUP.length + 1),
    resource: plural,
    namespaced: true,
    subresource,
    kind,
    verbs: ['create', 'update'],
    handle: (call) =>
      guarded({ group: API_GROUP, kind, plural, name: call.name }, noteOf(call.user), () =>
        perform(service, subresource, call),
      ),
  }));
}

async function perform(service: VmInstanceService, verb: PowerVerb, call: RouteCall): Promise<RouteReply> {
  const { context } = callerOf(call.user);
  const { namespace, name, dryRun, body } = call;
  const accepted = await service[verb](context, namespace, name, { dryRun }, body);
  const status = accepted.outcome === 'unchanged' || dryRun ? 200 : 202;
  return { status, body: versionOf(accepted.resource).object, warnings: warningTexts(accepted) };
}
