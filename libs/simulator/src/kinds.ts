// The kinds the simulator's players and controllers read and write, with the parts of their shapes that somebody looks at.
// Shapes are partial on purpose: every other field travels along untouched, so objects are patched, never rebuilt from these interfaces.
import { type KubeObject, resourceKind } from '@compute/kube-client';

export type ConditionStatus = 'True' | 'False' | 'Unknown';

export interface Condition {
  type: string;
  status: ConditionStatus;
  reason?: string;
  message?: string;
  lastTransitionTime?: string | null;
  lastProbeTime?: string | null;
  lastHeartbeatTime?: string | null;
}

/** Amounts by resource name, as quantities. */
export type ResourceList = Record<string, string>;

export interface ResourceRequirements {
  requests?: ResourceList;
  limits?: ResourceList;
}

// --- core ---------------------------------------------------------------------------------------------------------------------------

export interface Namespace extends KubeObject {
  status?: { phase?: string };
}

export interface Taint {
  key: string;
  value?: string;
  effect: string;
  timeAdded?: string;
}

export interface Node extends KubeObject {
  spec?: { unschedulable?: boolean; taints?: Taint[]; podCIDR?: string };
  status?: {
    capacity?: ResourceList;
    allocatable?: ResourceList;
    conditions?: Condition[];
    addresses?: { type: string; address: string }[];
    nodeInfo?: Record<string, string>;
  };
}

export interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: {
    exitCode: number;
    reason?: string;
    message?: string;
    startedAt?: string;
    finishedAt?: string;
  };
}

export interface ContainerStatus {
  name: string;
  image: string;
  imageID?: string;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  state?: ContainerState;
  lastState?: ContainerState;
}

export interface Container {
  name: string;
  image?: string;
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string; key: string } } }[];
  volumeDevices?: { name: string; devicePath: string }[];
  volumeMounts?: { name: string; mountPath: string }[];
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  resources?: ResourceRequirements;
  terminationMessagePolicy?: string;
}

export interface PodVolume {
  name: string;
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean };
  configMap?: { name: string };
  [source: string]: unknown;
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

export interface PodSpec {
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  terminationGracePeriodSeconds?: number;
  containers: Container[];
  initContainers?: Container[];
  volumes?: PodVolume[];
  affinity?: {
    nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: NodeSelectorTerm[] } };
  };
  tolerations?: { key?: string; operator?: string; value?: string; effect?: string; tolerationSeconds?: number }[];
}

export interface PodStatus {
  phase?: PodPhase;
  reason?: string;
  message?: string;
  podIP?: string;
  podIPs?: { ip: string }[];
  hostIP?: string;
  startTime?: string;
  qosClass?: string;
  conditions?: Condition[];
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
}

export interface Pod extends KubeObject {
  spec: PodSpec;
  status?: PodStatus;
}

export interface TypedReference {
  apiGroup?: string;
  kind: string;
  name: string;
  namespace?: string;
}

export type ClaimPhase = 'Pending' | 'Bound' | 'Lost';

export interface PersistentVolumeClaim extends KubeObject {
  spec: {
    storageClassName?: string;
    volumeMode?: 'Filesystem' | 'Block';
    accessModes?: string[];
    volumeName?: string;
    resources?: ResourceRequirements;
    dataSource?: TypedReference;
    dataSourceRef?: TypedReference;
  };
  status?: { phase?: ClaimPhase; capacity?: ResourceList; accessModes?: string[]; conditions?: Condition[] };
}

export interface ObjectReference {
  apiVersion?: string;
  kind?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  resourceVersion?: string;
}

export interface NodeSelectorTerm {
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface PersistentVolume extends KubeObject {
  spec: {
    capacity: ResourceList;
    accessModes?: string[];
    volumeMode?: string;
    storageClassName?: string;
    persistentVolumeReclaimPolicy?: 'Delete' | 'Retain';
    claimRef?: ObjectReference;
    csi?: { driver: string; volumeHandle: string };
    nodeAffinity?: { required?: { nodeSelectorTerms: NodeSelectorTerm[] } };
  };
  status?: { phase?: 'Pending' | 'Available' | 'Bound' | 'Released' | 'Failed' };
}

export interface Event extends KubeObject {
  involvedObject: ObjectReference;
  type?: string;
  reason?: string;
  message?: string;
  source?: { component?: string };
  reportingComponent?: string;
  count?: number;
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
}

export interface Secret extends KubeObject {
  type?: string;
  data?: Record<string, string>;
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

// --- storage ------------------------------------------------------------------------------------------------------------------------

export interface StorageClass extends KubeObject {
  provisioner: string;
  parameters?: Record<string, string>;
  reclaimPolicy?: 'Delete' | 'Retain';
  volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer';
  allowVolumeExpansion?: boolean;
}

// --- CDI ----------------------------------------------------------------------------------------------------------------------------

export interface HttpSource {
  url: string;
  secretRef?: string;
  certConfigMap?: string;
  extraHeaders?: string[];
  secretExtraHeaders?: string[];
  checksum?: string;
}

export interface DataVolumeSource {
  http?: HttpSource;
  blank?: Record<string, never>;
  pvc?: { namespace?: string; name: string };
  upload?: Record<string, never>;
  [kind: string]: unknown;
}

/** `spec.pvc` or `spec.storage` of a DataVolume. */
export interface DataVolumeStorage {
  storageClassName?: string;
  accessModes?: string[];
  volumeMode?: 'Filesystem' | 'Block';
  resources?: ResourceRequirements;
}

export interface DataVolume extends KubeObject {
  spec: {
    source?: DataVolumeSource;
    sourceRef?: { kind: string; name: string; namespace?: string };
    pvc?: DataVolumeStorage;
    storage?: DataVolumeStorage;
    contentType?: string;
    preallocation?: boolean;
  };
  status?: DataVolumeStatus;
}

export interface DataVolumeStatus {
  phase?: string;
  progress?: string;
  restartCount?: number;
  claimName?: string;
  conditions?: Condition[];
}

export interface DataSource extends KubeObject {
  spec: { source: { pvc?: { namespace?: string; name: string } } };
  status?: { source?: DataSource['spec']['source']; conditions?: Condition[] };
}

export interface StorageProfile extends KubeObject {
  spec?: { claimPropertySets?: ClaimPropertySet[]; cloneStrategy?: string };
  status?: {
    storageClass?: string;
    provisioner?: string;
    cloneStrategy?: string;
    claimPropertySets?: ClaimPropertySet[];
  };
}

export interface ClaimPropertySet {
  accessModes?: string[];
  volumeMode?: 'Filesystem' | 'Block';
}

export interface VolumeImportSource extends KubeObject {
  spec: { source: { http?: HttpSource; blank?: Record<string, never> }; contentType?: string; targetClaim?: string };
}

export interface VolumeCloneSource extends KubeObject {
  spec: { source: { kind: string; name: string } };
}

// --- constants ----------------------------------------------------------------------------------------------------------------------

export const namespaces = resourceKind<Namespace>({
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
});
export const nodes = resourceKind<Node>({ group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false });
export const pods = resourceKind<Pod>({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true });
export const persistentVolumeClaims = resourceKind<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
});
export const persistentVolumes = resourceKind<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  namespaced: false,
});
export const events = resourceKind<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
});
export const secrets = resourceKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
});
export const configMaps = resourceKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
});
export const storageClasses = resourceKind<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  namespaced: false,
});
export const csiDrivers = resourceKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
});
export const dataVolumes = resourceKind<DataVolume>({
  group: 'cdi.kubevirt.io',
  version: 'v1beta1',
  kind: 'DataVolume',
  plural: 'datavolumes',
  namespaced: true,
});
export const dataSources = resourceKind<DataSource>({
  group: 'cdi.kubevirt.io',
  version: 'v1beta1',
  kind: 'DataSource',
  plural: 'datasources',
  namespaced: true,
});
export const storageProfiles = resourceKind<StorageProfile>({
  group: 'cdi.kubevirt.io',
  version: 'v1beta1',
  kind: 'StorageProfile',
  plural: 'storageprofiles',
  namespaced: false,
});
export const volumeImportSources = resourceKind<VolumeImportSource>({
  group: 'cdi.kubevirt.io',
  version: 'v1beta1',
  kind: 'VolumeImportSource',
  plural: 'volumeimportsources',
  namespaced: true,
});
export const volumeCloneSources = resourceKind<VolumeCloneSource>({
  group: 'cdi.kubevirt.io',
  version: 'v1beta1',
  kind: 'VolumeCloneSource',
  plural: 'volumeclonesources',
  namespaced: true,
});
