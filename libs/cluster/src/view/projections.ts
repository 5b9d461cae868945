/**
 * What is kept of each object: the few fields that a planner asks for, computed as the object is parsed. Two equal
 * projections mean that nothing happened that anybody cares about (heartbeats, managed fields, CDI's flapping
 * annotations), so a projection must not contain anything that changes by itself.
 */
import {
  type ObservedClaim,
  type ObservedCondition,
  type ObservedDataVolume,
  type ObservedMachine,
  type ObservedObject,
  type ObservedService,
  type ObservedVirtualMachine,
  parseQuantityBytes,
  parseQuantityMib,
  RUN_STRATEGIES,
} from '@compute/domain';
import type { KubeObject } from '@compute/kube-client';
import type {
  DataVolume,
  Namespace,
  Node,
  PersistentVolumeClaim,
  Service,
  VirtualMachine,
  VirtualMachineInstance,
  WireCondition,
} from '../kinds.ts';
import { hashOf } from '../manifests/manifest-hash.ts';
import { diskNameOfObject } from '../manifests/object-names.ts';
import { NAME_LABEL, type RowRef, rowOf } from '../manifests/ownership.ts';
import { labelContent, ownedContent } from './owned-content.ts';
import { disksOfMachine, disksOfManifest } from './project-disks.ts';
import { guestSize, startedWith } from './project-start.ts';

const UNITS: readonly (readonly [suffix: string, size: bigint])[] = [
  ['Ti', 1n << 40n],
  ['Gi', 1n << 30n],
  ['Mi', 1n << 20n],
];

/** An object of a row: whose it is, and what a planner may know of it. */
export interface Projected<T> {
  readonly row: RowRef | undefined;
  readonly observed: T;
}

export interface ProjectedVirtualMachine extends Projected<ObservedVirtualMachine> {
  /** Name of the row, as users know the machine. */
  readonly vmName: string;
  readonly firmwareUuid: string | undefined;
}

export interface ProjectedMachine extends Projected<ObservedMachine> {
  /** Name of the row, as users know the machine. */
  readonly vmName: string;
}

export const projectObject = (object: KubeObject): Projected<ObservedObject> => ({
  row: rowOf(object),
  observed: observedObject(object),
});

export const projectNamespace = (namespace: Namespace): { readonly deleting: boolean } => ({
  deleting: namespace.metadata.deletionTimestamp !== undefined || namespace.status?.phase === 'Terminating',
});

/** Heartbeats change a node all the time; only that they have ceased is kept. */
export const projectNode = ({ status }: Node): { readonly silent: boolean } => ({
  silent: condition(status?.conditions, 'Ready')?.status === 'Unknown',
});

export function projectDataVolume(object: DataVolume): Projected<ObservedDataVolume> {
  const { phase = '', progress, restartCount = 0, conditions } = object.status ?? {};
  return {
    row: rowOf(object),
    observed: {
      ...observedObject(object),
      phase,
      percent: percentOf(progress),
      restartCount,
      running: condition(conditions, 'Running'),
      bound: condition(conditions, 'Bound'),
      ready: condition(conditions, 'Ready'),
    },
  };
}

/** CDI copies our labels to its own working claims (`prime-…`) too; those are no news to the disk. */
export function projectClaim(object: PersistentVolumeClaim): Projected<ObservedClaim> {
  const isDisk = diskNameOfObject(object.metadata.name) !== undefined;
  const capacity = object.status?.capacity?.storage;
  const requested = object.spec?.resources?.requests?.storage;
  return {
    row: isDisk ? rowOf(object) : undefined,
    observed: {
      ...observedObject(object),
      content: labelContent(object.metadata.labels),
      phase: claimPhase(object.status?.phase),
      capacity: capacity === undefined ? undefined : readableSize(capacity),
      capacityMib: capacity === undefined ? undefined : parseQuantityMib(capacity),
      requestedMib: requested === undefined ? undefined : parseQuantityMib(requested),
      resize: resizeOf(object),
    },
  };
}

export function projectVirtualMachine(object: VirtualMachine): ProjectedVirtualMachine {
  const { created = false, ready = false, printableStatus, conditions, startFailure } = object.status ?? {};
  return {
    row: rowOf(object),
    vmName: vmNameOf(object),
    firmwareUuid: object.spec.template.spec.domain.firmware?.uuid,
    observed: {
      ...observedObject(object),
      runStrategy: RUN_STRATEGIES.find((known) => known === object.spec.runStrategy),
      printableStatus,
      created,
      ready,
      failure: condition(conditions, 'Failure'),
      restartRequired: condition(conditions, 'RestartRequired'),
      startFailures: startFailure?.consecutiveFailCount ?? 0,
      cameToRest: cameToRest(object),
      ...disksOfManifest(object),
    },
  };
}

/** Under this strategy alone the cluster starts a machine by itself and, once it has run, may leave it off. */
function cameToRest({ spec, status = {} }: VirtualMachine): boolean {
  const hasRun = spec.runStrategy === 'RerunOnFailure' && status.runStrategy === spec.runStrategy;
  return hasRun && status.created !== true && (status.stateChangeRequests ?? []).length === 0;
}

export function projectMachine(object: VirtualMachineInstance): ProjectedMachine {
  const { phase = '', nodeName, conditions, guestOSInfo } = object.status ?? {};
  return {
    row: rowOf(object),
    vmName: vmNameOf(object),
    observed: {
      uid: object.metadata.uid ?? '',
      phase,
      deleting: object.metadata.deletionTimestamp !== undefined,
      ready: condition(conditions, 'Ready'),
      synchronized: condition(conditions, 'Synchronized'),
      scheduled: condition(conditions, 'PodScheduled'),
      paused: condition(conditions, 'Paused')?.status === 'True',
      migrating: isMigrating(object),
      agentConnected: condition(conditions, 'AgentConnected')?.status === 'True',
      nodeName,
      ips: addresses(object),
      osName: guestOSInfo?.prettyName ?? guestOSInfo?.name,
      hostname: object.spec.hostname,
      phaseSince: phaseSince(object, phase),
      ...disksOfMachine(object),
      startedWith: startedWith(object),
      size: guestSize(object),
    },
  };
}

export function projectService(object: Service): Projected<ObservedService> {
  const ingress = object.status?.loadBalancer?.ingress?.[0];
  return {
    row: rowOf(object),
    observed: {
      ...observedObject(object),
      externalIp: ingress?.ip ?? ingress?.hostname,
      ports: (object.spec.ports ?? []).map(({ port }) => port),
    },
  };
}

/** CDI writes progress as text: `13.37%`, `100.0%`, or `N/A` when it knows nothing. */
export function percentOf(progress: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(progress ?? '');
  return match?.[1] === undefined ? undefined : Math.min(100, Number(match[1]));
}

function observedObject(object: KubeObject): ObservedObject {
  const { uid = '', deletionTimestamp, finalizers = [] } = object.metadata;
  const deleting = deletionTimestamp !== undefined;
  const held = deleting && finalizers.length > 0 ? { heldBy: finalizers } : {};
  const content = ownedContent(object, object.kind === 'DataVolume' ? 'metadata' : 'all');
  return { uid, manifestHash: hashOf(object), ...(content === undefined ? {} : { content }), deleting, ...held };
}

function condition(conditions: readonly WireCondition[] | undefined, type: string): ObservedCondition | undefined {
  const found = conditions?.find((entry) => entry.type === type);
  if (found === undefined) return undefined;
  const status = found.status === 'True' || found.status === 'False' ? found.status : 'Unknown';
  return { status, reason: found.reason ?? '', message: found.message ?? '' };
}

/** CDI asks for bytes (`21474836480`), users for `20Gi`: the same size in the largest unit that holds it exactly. */
export function readableSize(quantity: string): string {
  const bytes = parseQuantityBytes(quantity);
  if (bytes === undefined || bytes === 0n) return quantity;
  const [suffix, unit] = UNITS.find(([, size]) => bytes % size === 0n) ?? ['', 1n];
  return `${bytes / unit}${suffix}`;
}

/** A claim that grows says so in conditions; those of a resize that is over are taken away by the cluster. */
function resizeOf({ status }: PersistentVolumeClaim): ObservedClaim['resize'] {
  const holds = (type: string): ObservedCondition | undefined => {
    const found = condition(status?.conditions, type);
    return found?.status === 'True' ? found : undefined;
  };
  const failing = holds('ControllerResizeError') ?? holds('NodeResizeError');
  if (status?.allocatedResourceStatuses?.storage?.endsWith('Infeasible'))
    return { state: 'infeasible', message: failing?.message ?? '' };
  if (failing) return { state: 'failing', message: failing.message };
  if (holds('FileSystemResizePending')) return { state: 'fileSystem', message: '' };
  return holds('Resizing') ? { state: 'controller', message: '' } : undefined;
}

function claimPhase(phase: string | undefined): ObservedClaim['phase'] {
  return phase === 'Bound' || phase === 'Lost' ? phase : 'Pending';
}

function isMigrating({ status }: VirtualMachineInstance): boolean {
  const state = status?.migrationState;
  return state?.startTimestamp !== undefined && state.endTimestamp === undefined && state.completed !== true;
}

function addresses({ status }: VirtualMachineInstance): string[] {
  const all = (status?.interfaces ?? []).flatMap(
    (entry) => entry.ipAddresses ?? (entry.ipAddress === undefined ? [] : [entry.ipAddress]),
  );
  return [...new Set(all.filter((address) => address !== ''))];
}

function phaseSince({ status }: VirtualMachineInstance, phase: string): Date | undefined {
  const reached = status?.phaseTransitionTimestamps?.findLast((entry) => entry.phase === phase);
  return reached === undefined ? undefined : new Date(reached.phaseTransitionTimestamp);
}

function vmNameOf({ metadata }: KubeObject): string {
  return metadata.labels?.[NAME_LABEL] ?? metadata.name;
}
