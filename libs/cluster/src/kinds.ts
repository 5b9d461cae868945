/**
 * The kinds this library speaks about and the fields of them that it writes or reads. Everything else of an object is
 * left to its owner: the shapes are deliberately partial, and what is optional here is optional on the wire.
 */
import { type KubeObject, type ObjectMeta, resourceKind } from '@compute/kube-client';

/** One entry of `status.conditions`, as KubeVirt and CDI both write it. */
export interface WireCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

export interface DataVolumeSpec {
  contentType?: string;
  source: {
    http?: { url: string; checksum?: string };
    blank?: Record<string, never>;
    pvc?: { namespace: string; name: string };
  };
  storage: { resources: { requests: { storage: string } }; storageClassName?: string };
}

export interface DataVolume extends KubeObject {
  spec: DataVolumeSpec;
  status?: { phase?: string; progress?: string; restartCount?: number; conditions?: WireCondition[] };
}

export interface PersistentVolumeClaim extends KubeObject {
  spec?: { resources?: { requests?: { storage?: string } } };
  status?: {
    phase?: string;
    capacity?: { storage?: string };
    conditions?: WireCondition[];
    /** How far a growing claim is, by resource; `…Infeasible` is the driver's last word. */
    allocatedResourceStatuses?: { storage?: string };
  };
}

export interface TemplateDisk {
  name: string;
  bootOrder?: number;
  disk?: { bus?: string };
  cdrom?: { bus?: string };
}

export interface TemplateVolume {
  name: string;
  dataVolume?: { name: string; hotpluggable?: boolean };
  persistentVolumeClaim?: { claimName: string; hotpluggable?: boolean };
  cloudInitNoCloud?: { secretRef?: { name: string }; userData?: string; userDataBase64?: string };
}

export interface MachineSpec {
  hostname?: string;
  domain: {
    cpu?: { cores: number; sockets: number };
    memory?: { guest: string };
    firmware?: { uuid?: string };
    devices: {
      disks?: TemplateDisk[];
      interfaces: { name: string; bridge: Record<string, never>; macAddress?: string }[];
    };
  };
  networks: { name: string; pod: Record<string, never> }[];
  volumes?: TemplateVolume[];
  accessCredentials?: {
    sshPublicKey: {
      source: { secret: { secretName: string } };
      propagationMethod: { noCloud: Record<string, never> };
    };
  }[];
  terminationGracePeriodSeconds: number;
}

export interface VirtualMachine extends KubeObject {
  spec: {
    runStrategy?: string;
    /** The older word for Always and Halted; on objects of others. */
    running?: boolean | null;
    instancetype?: { kind: string; name: string };
    preference?: { kind: string; name: string };
    template: { metadata: Pick<ObjectMeta, 'labels' | 'annotations'>; spec: MachineSpec };
  };
  status?: {
    created?: boolean;
    ready?: boolean;
    printableStatus?: string;
    conditions?: WireCondition[];
    startFailure?: { consecutiveFailCount?: number };
    /** The strategy under which it was started last. */
    runStrategy?: string;
    /** What is asked of it and not done yet. */
    stateChangeRequests?: { action?: string }[];
  };
}

/** A volume as the machine has it; `hotplugVolume` only on those that came while it ran. */
export interface VolumeStatus {
  name: string;
  phase?: string;
  hotplugVolume?: object;
  persistentVolumeClaimInfo?: { claimName?: string };
}

export interface VirtualMachineInstance extends KubeObject {
  spec: { hostname?: string; domain?: { firmware?: { uuid?: string }; devices?: object }; volumes?: TemplateVolume[] };
  status?: {
    phase?: string;
    nodeName?: string;
    conditions?: WireCondition[];
    interfaces?: { mac?: string; ipAddress?: string; ipAddresses?: string[] }[];
    guestOSInfo?: { name?: string; prettyName?: string };
    volumeStatus?: VolumeStatus[];
    currentCPUTopology?: { sockets?: number; cores?: number; threads?: number };
    memory?: { guestCurrent?: string };
    migrationState?: { startTimestamp?: string; endTimestamp?: string; completed?: boolean };
    phaseTransitionTimestamps?: { phase: string; phaseTransitionTimestamp: string }[];
  };
}

export interface Pod extends KubeObject {
  status?: {
    phase?: string;
    reason?: string;
    containerStatuses?: { name: string; state?: { terminated?: { reason?: string } } }[];
  };
}

export interface Node extends KubeObject {
  status?: { conditions?: WireCondition[] };
}

export interface ClusterEvent extends KubeObject {
  reason?: string;
  message?: string;
  lastTimestamp?: string;
}

export interface Service extends KubeObject {
  spec: {
    type?: string;
    externalTrafficPolicy?: string;
    allocateLoadBalancerNodePorts?: boolean;
    selector?: Record<string, string>;
    ports?: { name: string; port: number; protocol: string }[];
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

export interface Secret extends KubeObject {
  type: string;
  /** Base64, as the API keeps it; `stringData` would be rewritten by the server and never compare equal. */
  data?: Record<string, string>;
}

export interface Namespace extends KubeObject {
  status?: { phase?: string };
}

export interface ClusterInstancetype extends KubeObject {
  spec: {
    cpu: { guest: number };
    memory: { guest: string; hugepages?: { pageSize: string } };
  };
}

/** What the metrics API says of a pod. */
export interface PodMetrics extends KubeObject {
  timestamp: string;
  containers: { name: string; usage: { cpu: string; memory: string } }[];
}

export const dataVolumes = resourceKind<DataVolume>({
  group: 'cdi.kubevirt.io',
  version: 'v1beta1',
  kind: 'DataVolume',
  plural: 'datavolumes',
  namespaced: true,
});
export const claims = resourceKind<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
});
export const virtualMachines = resourceKind<VirtualMachine>({
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'VirtualMachine',
  plural: 'virtualmachines',
  namespaced: true,
});
export const virtualMachineInstances = resourceKind<VirtualMachineInstance>({
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'VirtualMachineInstance',
  plural: 'virtualmachineinstances',
  namespaced: true,
});
export const pods = resourceKind<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
});
export const nodes = resourceKind<Node>({ group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false });
export const events = resourceKind<ClusterEvent>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
});
export const services = resourceKind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
});
export const secrets = resourceKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
});
export const namespaces = resourceKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
});
export const clusterInstancetypes = resourceKind<ClusterInstancetype>({
  group: 'instancetype.kubevirt.io',
  version: 'v1beta1',
  kind: 'VirtualMachineClusterInstancetype',
  plural: 'virtualmachineclusterinstancetypes',
  namespaced: false,
});
export const clusterPreferences = resourceKind<KubeObject>({
  group: 'instancetype.kubevirt.io',
  version: 'v1beta1',
  kind: 'VirtualMachineClusterPreference',
  plural: 'virtualmachineclusterpreferences',
  namespaced: false,
});
export const podMetrics = resourceKind<PodMetrics>({
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'PodMetrics',
  plural: 'pods',
  namespaced: true,
});
