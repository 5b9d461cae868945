/**
 * `subresources.kubevirt.io/v1`: start, stop, restart of VMs and pause, unpause, softreboot, reset, addvolume and removevolume of VMIs.
 *
 * 202 with an empty body means accepted, nothing more. The routes work through an ordinary client, as virt-api does, so they see
 * and cause exactly what any other client would; guests are reached through the virt-handler player.
 */
import { type JsonPatchOperation, type KubeClient, KubeError } from '@compute/kube-client';
import type { CustomRoute, RouteCall, RouteReply } from '@compute/kube-wire';
import { StatusError } from '@compute/kube-wire';
import { pods } from '../../kinds.ts';
import type { HotplugMode } from '../hotplug-mode.ts';
import { InstancetypeStore } from '../instancetype-store.ts';
import { virtualMachineInstances, virtualMachines } from '../kinds.ts';
import type { StateChangeRequest, VirtualMachine, VirtualMachineInstance } from '../objects.ts';
import { isFinal } from '../objects.ts';
import type { VirtHandler } from '../virt-handler.ts';
import { expandedSpec } from '../vmi-from-vm.ts';
import type { GuestVerb } from './guest-requests.ts';
import { guestRefusal } from './guest-requests.ts';
import type { LifecycleOutcome, Rejected, RestartOptions, StopOptions } from './lifecycle-requests.ts';
import { restartVm, startVm, stopVm } from './lifecycle-requests.ts';
import type { VolumeRequest, VolumeVerb } from './volume-requests.ts';
import { changeVolumes } from './volume-requests.ts';

/** Given late, because the routes are registered before the server that the client talks to exists. */
export interface VirtApiParts {
  client: () => KubeClient;
  handler: () => VirtHandler;
  hotplug: HotplugMode;
}

type VmVerb = 'start' | 'stop' | 'restart';
const VM_VERBS: readonly VmVerb[] = ['start', 'stop', 'restart'];
const GUEST_VERBS: readonly GuestVerb[] = ['pause', 'unpause', 'softreboot', 'reset'];
const VOLUME_VERBS: readonly VolumeVerb[] = ['addvolume', 'removevolume'];
const ACCEPTED: RouteReply = { status: 202 };

/** The routes to register with the API server. */
export function virtApiRoutes(parts: VirtApiParts): CustomRoute[] {
  const route = (resource: string, kind: string, subresource: string, handle: CustomRoute['handle']): CustomRoute => ({
    group: 'subresources.kubevirt.io',
    version: 'v1',
    resource,
    namespaced: true,
    subresource,
    kind,
    verbs: ['update'],
    handle,
  });
  return [
    ...VM_VERBS.map((verb) => route('virtualmachines', 'VirtualMachine', verb, (call) => onVm(parts, verb, call))),
    ...GUEST_VERBS.map((verb) =>
      route('virtualmachineinstances', 'VirtualMachineInstance', verb, (call) => onGuest(parts, verb, call)),
    ),
    ...VOLUME_VERBS.map((verb) =>
      route('virtualmachineinstances', 'VirtualMachineInstance', verb, (call) => onVolumes(parts, verb, call)),
    ),
    {
      ...route('virtualmachines', 'VirtualMachine', 'expand-spec', (call) => expand(parts, call)),
      verbs: ['get'],
    },
  ];
}

async function onVm(parts: VirtApiParts, verb: VmVerb, call: RouteCall): Promise<RouteReply> {
  const client = parts.client();
  const vm = await requireVm(client, call);
  const vmi = await client.get(virtualMachineInstances, refOf(call));
  const body = (call.body ?? {}) as StopOptions & RestartOptions & { paused?: boolean };
  if (verb === 'stop' && body.gracePeriod !== undefined) await shortenGrace(client, vmi, body.gracePeriod, call.dryRun);
  const outcome = decide(verb, vm, vmi, body);
  if (outcome.kind === 'refused') throw refusal(outcome, 'virtualmachine', call.name);
  await carryOut(client, vm, outcome, call.dryRun);
  if (verb === 'restart' && body.gracePeriodSeconds === 0 && !call.dryRun) await killPods(client, vmi);
  return ACCEPTED;
}

function decide(
  verb: VmVerb,
  vm: VirtualMachine,
  vmi: VirtualMachineInstance | undefined,
  body: StopOptions & RestartOptions & { paused?: boolean },
): LifecycleOutcome {
  if (verb === 'start') return startVm(vm, vmi, body);
  return verb === 'stop' ? stopVm(vm, vmi, body) : restartVm(vm, vmi, body);
}

async function carryOut(
  client: KubeClient,
  vm: VirtualMachine,
  outcome: LifecycleOutcome,
  dryRun: boolean,
): Promise<void> {
  const { name } = vm.metadata;
  const ref = { namespace: vm.metadata.namespace ?? '', name };
  try {
    if (outcome.kind === 'patch-spec')
      await client.jsonPatch(virtualMachines, ref, specPatch(vm, outcome.patch), { dryRun });
    else if (outcome.kind === 'patch-status') {
      await client.jsonPatch(virtualMachines, ref, statusPatch(vm, outcome.requests), {
        subresource: 'status',
        dryRun,
      });
    }
  } catch (error) {
    if (!isFailedTest(error)) throw error;
    const lost: Rejected = { kind: 'refused', status: 409, message: 'jsonpatch test operation does not apply' };
    throw refusal(lost, 'virtualmachine', name);
  }
}

/** Only what the decision was based on is tested: other writers of the VM do not matter. */
function specPatch(vm: VirtualMachine, patch: { runStrategy: string } | { running: boolean }): JsonPatchOperation[] {
  const [[field, value] = ['', undefined]] = Object.entries(patch);
  const before = field === 'running' ? vm.spec.running : vm.spec.runStrategy;
  const path = `/spec/${field}`;
  return [...(before === undefined ? [] : [{ op: 'test' as const, path, value: before }]), { op: 'add', path, value }];
}

function statusPatch(vm: VirtualMachine, requests: StateChangeRequest[]): JsonPatchOperation[] {
  if (vm.status === undefined) return [{ op: 'add', path: '/status', value: { stateChangeRequests: requests } }];
  const path = '/status/stateChangeRequests';
  const { stateChangeRequests: before, startFailure } = vm.status;
  return [
    ...(before === undefined ? [] : [{ op: 'test' as const, path, value: before }]),
    { op: 'add', path, value: requests },
    ...(startFailure === undefined ? [] : [{ op: 'remove' as const, path: '/status/startFailure' }]),
  ];
}

function isFailedTest(error: unknown): boolean {
  return error instanceof KubeError && (error.status === 409 || error.status === 422);
}

async function shortenGrace(
  client: KubeClient,
  vmi: VirtualMachineInstance | undefined,
  gracePeriodSeconds: number,
  dryRun: boolean,
): Promise<void> {
  if (vmi === undefined || isFinal(vmi)) return;
  const { namespace = '', name } = vmi.metadata;
  const spec = { terminationGracePeriodSeconds: gracePeriodSeconds };
  await client.mergePatch(virtualMachineInstances, { namespace, name }, { spec }, { dryRun });
}

/** A forced restart kills the launcher instead of asking the guest. */
async function killPods(client: KubeClient, vmi: VirtualMachineInstance | undefined): Promise<void> {
  if (vmi === undefined) return;
  const namespace = vmi.metadata.namespace ?? '';
  const labelSelector = `kubevirt.io=virt-launcher,kubevirt.io/created-by=${vmi.metadata.uid ?? ''}`;
  const { items } = await client.list(pods, { namespace, labelSelector });
  for (const { metadata } of items) {
    await client.delete(pods, { namespace, name: metadata.name }, { gracePeriodSeconds: 1 });
  }
}

async function onGuest(parts: VirtApiParts, verb: GuestVerb, call: RouteCall): Promise<RouteReply> {
  const client = parts.client();
  const vmi = await client.get(virtualMachineInstances, refOf(call));
  if (vmi === undefined) throw notFound('virtualmachineinstance', call.name);
  const refused = guestRefusal(verb, vmi, await client.get(virtualMachines, refOf(call)));
  if (refused !== undefined) throw refusal(refused, 'virtualmachineinstance', call.name);
  const handler = parts.handler();
  if (call.dryRun) return ACCEPTED;
  if (verb === 'pause') await handler.pause(vmi);
  else if (verb === 'unpause') await handler.unpause(vmi);
  else await handler.reboot(vmi);
  return ACCEPTED;
}

async function onVolumes(parts: VirtApiParts, verb: VolumeVerb, call: RouteCall): Promise<RouteReply> {
  const client = parts.client();
  const vmi = await client.get(virtualMachineInstances, refOf(call));
  if (vmi === undefined) throw notFound('virtualmachineinstance', call.name);
  const outcome = changeVolumes(verb, vmi, (call.body ?? {}) as VolumeRequest, parts.hotplug);
  if (outcome.kind === 'refused') throw refusal(outcome, 'virtualmachineinstance', call.name);
  const { volumes, disks } = outcome;
  const { resourceVersion } = vmi.metadata;
  const patch = { metadata: { resourceVersion }, spec: { volumes, domain: { devices: { disks } } } };
  try {
    await client.mergePatch(virtualMachineInstances, refOf(call), patch, { dryRun: call.dryRun });
  } catch (error) {
    // What admission refuses is passed on in its own words.
    if (error instanceof KubeError && error.status === 422) throw new StatusError(422, 'Invalid', error.message);
    throw error;
  }
  return ACCEPTED;
}

async function expand(parts: VirtApiParts, call: RouteCall): Promise<RouteReply> {
  const client = parts.client();
  const vm = await requireVm(client, call);
  const spec = expandedSpec(vm.spec.template.spec, await new InstancetypeStore(client).resolve(vm));
  const { instancetype: _type, preference: _preference, ...rest } = vm.spec;
  return { status: 200, body: { ...vm, spec: { ...rest, template: { ...vm.spec.template, spec } } } };
}

async function requireVm(client: KubeClient, call: RouteCall): Promise<VirtualMachine> {
  const vm = await client.get(virtualMachines, refOf(call));
  if (vm === undefined) throw notFound('virtualmachine', call.name);
  return vm;
}

function refOf(call: RouteCall): { namespace: string; name: string } {
  return { namespace: call.namespace, name: call.name };
}

function notFound(resource: string, name: string): StatusError {
  const message = `${resource}.kubevirt.io "${name}" not found`;
  return new StatusError(404, 'NotFound', message, { name, group: 'kubevirt.io', kind: resource });
}

function refusal({ status, message }: Rejected, resource: string, name: string): StatusError {
  const details = { name, group: 'kubevirt.io', kind: resource };
  const subject = `${resource}.kubevirt.io "${name}"`;
  switch (status) {
    case 400:
      return new StatusError(400, 'BadRequest', message);
    case 403:
      return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${message}`, details);
    case 409:
      return new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${subject}: ${message}`, details);
    case 500:
      return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, {
        causes: [{ reason: '', message }],
      });
  }
}
