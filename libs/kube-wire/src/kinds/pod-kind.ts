/**
 * Pods: the columns kubectl shows (the Status cell follows kube-apiserver's printer), graceful deletion, and the
 * binding and eviction subresources that schedulers and drains use.
 */

import { humanDuration } from '../http/human-duration.ts';
import type { KindDefinition, PrinterColumn } from '../protocol/kind.ts';
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { fieldsOf, listOf, readPath, timestamp } from '../protocol/kube-object.ts';
import type { RouteCall, RouteReply } from '../protocol/route.ts';
import { badRequest, conflict, notFound } from '../protocol/status-error.ts';
import { kubernetesSchema } from './catalogue/type-notation.ts';
import { ageColumn, column, nameColumn, textAt } from './cells.ts';
import { podMergeKeys } from './pod-merge-keys.ts';
import { podSpecProblems } from './pod-spec-rules.ts';
import { podStatusText } from './pod-status-text.ts';
import { withAccountToken } from './service-account-token.ts';

function containerStatuses(pod: KubeObject): Fields[] {
  return listOf(readPath(pod, 'status.containerStatuses')).map(fieldsOf);
}

function readyCell(pod: KubeObject): string {
  const total = listOf(readPath(pod, 'spec.containers')).length;
  const ready = containerStatuses(pod).filter((status) => status.ready === true && status.state !== undefined).length;
  return `${ready}/${total}`;
}

/** `3 (5m ago)`: restarts and when the last one was. */
function restartsCell(pod: KubeObject, nowMs: number): string {
  const statuses = containerStatuses(pod);
  const restarts = statuses.reduce((sum, status) => sum + Number(status.restartCount ?? 0), 0);
  const ends = statuses.map((status) => Date.parse(String(readPath(status, 'lastState.terminated.finishedAt') ?? '')));
  const last = Math.max(...ends.filter((end) => !Number.isNaN(end)), Number.NEGATIVE_INFINITY);
  return restarts > 0 && Number.isFinite(last) ? `${restarts} (${humanDuration(nowMs - last)} ago)` : String(restarts);
}

function readinessGates(pod: KubeObject): string {
  const gates = listOf(readPath(pod, 'spec.readinessGates')).map((gate) => fieldsOf(gate).conditionType);
  if (gates.length === 0) return '<none>';
  const conditions = listOf(readPath(pod, 'status.conditions')).map(fieldsOf);
  const met = gates.filter((gate) => conditions.some(({ type, status }) => type === gate && status === 'True'));
  return `${met.length}/${gates.length}`;
}

function podAddress(pod: KubeObject): string {
  const first = fieldsOf(listOf(readPath(pod, 'status.podIPs'))[0]).ip;
  return first === undefined ? textAt(pod, 'status.podIP') : String(first);
}

const columns: PrinterColumn[] = [
  nameColumn,
  column('Ready', readyCell),
  column('Status', podStatusText),
  column('Restarts', restartsCell),
  ageColumn,
  column('IP', podAddress, 1),
  column('Node', (pod) => textAt(pod, 'spec.nodeName'), 1),
  column('Nominated Node', (pod) => textAt(pod, 'status.nominatedNodeName'), 1),
  column('Readiness Gates', readinessGates, 1),
];

/** A pod that no kubelet runs goes at once; all others wait for the kubelet's grace-0 delete. */
function deletionGraceSeconds(pod: KubeObject): number {
  const phase = readPath(pod, 'status.phase');
  if (readPath(pod, 'spec.nodeName') === undefined || phase === 'Succeeded' || phase === 'Failed') return 0;
  return Number(readPath(pod, 'spec.terminationGracePeriodSeconds') ?? 30);
}

/** POST pods/{name}/binding: the scheduler's decision. */
async function bind(call: RouteCall): Promise<RouteReply> {
  const target = fieldsOf(fieldsOf(call.body).target);
  if (typeof target.name !== 'string' || target.name === '') throw badRequest('target.name: Required value');
  const nodeName = target.name;
  const change = ({ object }: { object: KubeObject }): KubeObject => {
    const pod = { group: '', plural: 'pods/binding' };
    if (object.metadata.deletionTimestamp !== undefined) {
      throw conflict(pod, call.name, `pod ${call.name} is being deleted, cannot be assigned to a host`);
    }
    const assigned = readPath(object, 'spec.nodeName');
    if (assigned !== undefined)
      throw conflict(pod, call.name, `pod ${call.name} is already assigned to node "${assigned}"`);
    const status = fieldsOf(object.status);
    const others = listOf(status.conditions).filter((condition) => fieldsOf(condition).type !== 'PodScheduled');
    const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: timestamp() };
    return {
      ...object,
      spec: { ...fieldsOf(object.spec), nodeName },
      status: { ...status, conditions: [...others, scheduled] },
    };
  };
  const { namespace, name, user, dryRun } = call;
  await call.backendOf('pods').update({ namespace, name }, change, { user, dryRun, subresource: 'binding' });
  return { status: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
}

/** POST pods/{name}/eviction: deletes the pod (no disruption budgets are kept). */
async function evict(call: RouteCall): Promise<RouteReply> {
  const { namespace, name, user, dryRun } = call;
  const pods = call.backendOf('pods');
  if ((await pods.get({ namespace, name })) === undefined) throw notFound({ group: '', plural: 'pods' }, name);
  const grace = fieldsOf(fieldsOf(call.body).deleteOptions).gracePeriodSeconds;
  const options = typeof grace === 'number' ? { gracePeriodSeconds: grace } : {};
  await pods.delete({ namespace, name }, { user, dryRun, ...options });
  return { status: 201, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
}

function prepare({ operation, object }: { operation: string; object: KubeObject }): void {
  if (operation !== 'create') return;
  const spec = fieldsOf(object.spec);
  object.spec = {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
    ...withAccountToken(spec),
  };
  object.status = { phase: 'Pending', qosClass: 'BestEffort', ...fieldsOf(object.status) };
}

export const podKind: KindDefinition = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  schema: kubernetesSchema('Pod'),
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
  strategicMerge: true,
  unconditionalUpdate: true,
  deleteReturnsObject: true,
  columns,
  selectableFields: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  mergeKeys: podMergeKeys,
  deletionGraceSeconds,
  admission: { prepare, validate: podSpecProblems },
  subresources: {
    binding: { verbs: ['create'], kind: 'Binding', handle: bind },
    eviction: { verbs: ['create'], group: 'policy', version: 'v1', kind: 'Eviction', handle: evict },
  },
};
