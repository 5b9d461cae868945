/**
 * The parts of KubeVirt's, CDI's and Kubernetes' objects that the KubeVirt imitation reads or writes.
 *
 * The interfaces name only what is looked at; every other field of an object travels along untouched, because objects are
 * cloned as JSON and never rebuilt from these interfaces. A reader who rebuilds one field by field loses users' fields.
 */

import type { KubeObject, ObjectMeta, OwnerReference } from '@compute/kube-client';
import type { Condition, ResourceRequirements } from '../kinds.ts';

export type {
  Condition,
  ConditionStatus,
  DataVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceRequirements,
} from '../kinds.ts';

export type RunStrategy = 'Always' | 'Halted' | 'Manual' | 'RerunOnFailure' | 'Once';

export type PrintableStatus =
  | 'Terminating'
  | 'Stopping'
  | 'Migrating'
  | 'Paused'
  | 'Running'
  | 'ErrorPvcNotFound'
  | 'DataVolumeError'
  | 'ErrorUnschedulable'
  | 'Provisioning'
  | 'WaitingForVolumeBinding'
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'Starting'
  | 'CrashLoopBackOff'
  | 'Stopped'
  | 'Unknown';

export interface CpuSpec {
  sockets?: number;
  cores?: number;
  threads?: number;
  model?: string;
  maxSockets?: number;
  dedicatedCpuPlacement?: boolean;
  isolateEmulatorThread?: boolean;
}

export interface MemorySpec {
  guest?: string;
  maxGuest?: string;
  hugepages?: { pageSize?: string };
}

export interface DiskTarget {
  bus?: string;
  readonly?: boolean;
}

export interface DiskSpec {
  name: string;
  bootOrder?: number;
  disk?: DiskTarget;
  cdrom?: DiskTarget;
  lun?: DiskTarget;
}

export interface InterfaceSpec {
  name: string;
  macAddress?: string;
  model?: string;
  bootOrder?: number;
  bridge?: object;
  masquerade?: object;
}

export interface NetworkSpec {
  name: string;
  pod?: object;
  multus?: { networkName?: string };
}

export interface CloudInitSource {
  userData?: string;
  userDataBase64?: string;
  secretRef?: { name?: string };
  networkData?: string;
  networkDataBase64?: string;
  networkDataSecretRef?: { name?: string };
}

export interface VolumeSpec {
  name: string;
  dataVolume?: { name: string; hotpluggable?: boolean };
  persistentVolumeClaim?: { claimName: string; hotpluggable?: boolean };
  containerDisk?: { image?: string };
  cloudInitNoCloud?: CloudInitSource;
  cloudInitConfigDrive?: CloudInitSource;
  emptyDisk?: { capacity?: string };
  secret?: { secretName?: string };
  configMap?: { name?: string };
}

export interface DomainSpec {
  cpu?: CpuSpec;
  memory?: MemorySpec;
  resources?: ResourceRequirements;
  machine?: { type?: string };
  firmware?: { uuid?: string; serial?: string };
  features?: { acpi?: { enabled?: boolean } };
  devices?: {
    disks?: DiskSpec[];
    interfaces?: InterfaceSpec[];
    gpus?: { name: string; deviceName: string }[];
    inputs?: object[];
    autoattachPodInterface?: boolean;
  };
}

export interface VmiSpec {
  domain: DomainSpec;
  architecture?: string;
  volumes?: VolumeSpec[];
  networks?: NetworkSpec[];
  nodeSelector?: Record<string, string>;
  affinity?: object;
  tolerations?: object[];
  startStrategy?: string;
  evictionStrategy?: string;
  hostname?: string;
  livenessProbe?: object;
  terminationGracePeriodSeconds?: number;
}

export interface Matcher {
  name?: string;
  kind?: string;
  revisionName?: string;
}

export interface DataVolumeTemplate {
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: object;
}

export interface VmTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: VmiSpec;
}

export interface VmSpec {
  running?: boolean;
  runStrategy?: string;
  instancetype?: Matcher;
  preference?: Matcher;
  template: VmTemplate;
  dataVolumeTemplates?: DataVolumeTemplate[];
}

export interface StateChangeRequest {
  action: 'Start' | 'Stop';
  uid?: string;
  data?: Record<string, string>;
}

export interface StartFailure {
  consecutiveFailCount: number;
  lastFailedVMIUID: string;
  retryAfterTimestamp: string;
}

export interface RevisionRef {
  name?: string;
  kind?: string;
  controllerRevisionRef?: { name: string };
}

export interface VmStatus {
  created?: boolean;
  ready?: boolean;
  printableStatus?: PrintableStatus;
  runStrategy?: string;
  observedGeneration?: number;
  desiredGeneration?: number;
  conditions?: Condition[];
  stateChangeRequests?: StateChangeRequest[];
  startFailure?: StartFailure;
  instancetypeRef?: RevisionRef;
  preferenceRef?: RevisionRef;
  snapshotInProgress?: string;
  volumeSnapshotStatuses?: { name: string; enabled: boolean; reason?: string }[];
}

export interface VirtualMachine extends KubeObject {
  spec: VmSpec;
  status?: VmStatus;
}

export type VmiPhase = '' | 'Pending' | 'Scheduling' | 'Scheduled' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

export interface PhaseTransition {
  phase: VmiPhase;
  phaseTransitionTimestamp: string;
}

export interface VmiInterfaceStatus {
  name: string;
  ipAddress?: string;
  ipAddresses?: string[];
  mac?: string;
  interfaceName?: string;
  podInterfaceName?: string;
  infoSource?: string;
  linkState?: string;
  queueCount?: number;
}

export type VolumePhase =
  | 'Pending'
  | 'Bound'
  | 'AttachedToNode'
  | 'MountedToPod'
  | 'Ready'
  | 'UnMountedFromPod'
  | 'Detaching';

export interface VolumeStatus {
  name: string;
  /** Empty while the guest does not have the volume. */
  target: string;
  size?: number;
  persistentVolumeClaimInfo?: object;
  phase?: VolumePhase;
  reason?: string;
  message?: string;
  /** Only on volumes that came while the machine ran. The uid is absent until the pod is ready. */
  hotplugVolume?: { attachPodName?: string; attachPodUID?: string };
}

export interface MigrationState {
  startTimestamp?: string;
  endTimestamp?: string;
  completed?: boolean;
  failed?: boolean;
  sourceNode?: string;
  targetNode?: string;
  migrationUid?: string;
}

export interface VmiStatus {
  phase?: VmiPhase;
  reason?: string;
  nodeName?: string;
  conditions?: Condition[];
  phaseTransitionTimestamps?: PhaseTransition[];
  interfaces?: VmiInterfaceStatus[];
  guestOSInfo?: Record<string, string>;
  activePods?: Record<string, string>;
  volumeStatus?: VolumeStatus[];
  migrationState?: MigrationState;
  migrationMethod?: string;
  qosClass?: string;
  launcherContainerImageVersion?: string;
  virtualMachineRevisionName?: string;
  currentCPUTopology?: { sockets: number; cores: number; threads: number };
  memory?: { guestAtBoot?: string; guestCurrent?: string; guestRequested?: string };
  machine?: { type?: string };
  runtimeUser?: number;
  selinuxContext?: string;
}

export interface VirtualMachineInstance extends KubeObject {
  spec: VmiSpec;
  status?: VmiStatus;
}

export const VM_API_VERSION = 'kubevirt.io/v1';
export const VM_FINALIZER = 'kubevirt.io/virtualMachineControllerFinalize';
export const VMI_FINALIZER = 'kubevirt.io/foregroundDeleteVirtualMachine';
export const GENERATION_ANNOTATION = 'kubevirt.io/vm-generation';
export const TEMPORARY_POD_ANNOTATION = 'kubevirt.io/ephemeral-provisioning';

const FINAL_PHASES: readonly string[] = ['Succeeded', 'Failed'];

/** Whether the VMI has ended, well or badly. */
export function isFinal(vmi: VirtualMachineInstance): boolean {
  return FINAL_PHASES.includes(vmi.status?.phase ?? '');
}

/** Whether nothing but the controller has looked at the VMI yet: phase absent or Pending. */
export function isUnprocessed(vmi: VirtualMachineInstance): boolean {
  const phase = vmi.status?.phase ?? '';
  return phase === '' || phase === 'Pending';
}

/** Whether the VMI ever reached Running, by its own record of phase transitions. */
export function wasEverRunning(vmi: VirtualMachineInstance): boolean {
  return (vmi.status?.phaseTransitionTimestamps ?? []).some((transition) => transition.phase === 'Running');
}

/** The strategy in force: `runStrategy`, or the deprecated `running` translated, or Halted when neither is set. */
export function runStrategyOf(spec: VmSpec): RunStrategy | string {
  if (spec.runStrategy !== undefined) return spec.runStrategy;
  return spec.running === true ? 'Always' : 'Halted';
}

/** The controller owner of an object, when there is one. */
export function controllerOf(metadata: ObjectMeta): OwnerReference | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** Whether a volume may come and go while the machine runs. It never comes with the launcher pod. */
export function isHotpluggable({ dataVolume, persistentVolumeClaim }: VolumeSpec): boolean {
  return (dataVolume ?? persistentVolumeClaim)?.hotpluggable === true;
}

/** The claim that a volume reads, or undefined when it reads none. A DataVolume's claim has the DataVolume's name. */
export function claimNameOf(volume: VolumeSpec): string | undefined {
  return volume.dataVolume?.name ?? volume.persistentVolumeClaim?.claimName;
}
