// The pods that move data. What a pod is to do stands in its environment under the names CDI's images read, so that whoever plays
// the kubelet needs nothing but the pod.
import { controllerRef } from '@compute/kube-client';
import type { Container, PersistentVolumeClaim, Pod, PodVolume } from '../kinds.ts';
import { annotation, cdiLabels, label } from './annotations.ts';
import { filesystemOverhead } from './claim-spec.ts';

const version = 'v1.65.0';
const image = `quay.io/kubevirt/cdi-importer:${version}`;

/** Port and path of the progress metric that importers and clone sources serve. */
export const metricsPort = 8443;

export function importerPodName(claim: PersistentVolumeClaim): string {
  return `importer-${claim.metadata.name}`.slice(0, 253);
}

/** Name of the claim for scratch space of an import into this claim. */
export function scratchName(claim: PersistentVolumeClaim): string {
  return `${claim.metadata.name}-scratch`.slice(0, 253);
}

/** The pod that imports into a claim. `ownerUid` is the claim that progress is reported for. */
export function importerPod(claim: PersistentVolumeClaim, ownerUid: string): Pod {
  const { annotations = {}, namespace, name } = claim.metadata;
  const scratch = annotations[annotation.requiresScratch] === 'true';
  const caConfigMap = annotations[annotation.certConfigMap];
  const volumes: PodVolume[] = [{ name: 'cdi-data-vol', persistentVolumeClaim: { claimName: name } }];
  if (scratch) volumes.push({ name: 'cdi-scratch-vol', persistentVolumeClaim: { claimName: scratchName(claim) } });
  if (caConfigMap !== undefined) volumes.push({ name: 'cdi-cert-vol', configMap: { name: caConfigMap } });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: annotations[annotation.importPod] ?? importerPodName(claim),
      namespace: namespace ?? 'default',
      labels: { ...cdiLabels, 'cdi.kubevirt.io': 'importer', [label.importPvcName]: name.slice(0, 63) },
      annotations: { 'cdi.kubevirt.io/storage.createdByController': 'yes' },
      ownerReferences: [controllerRef(claim)],
    },
    spec: {
      restartPolicy: 'OnFailure',
      terminationGracePeriodSeconds: 30,
      containers: [importerContainer(claim, ownerUid, scratch)],
      volumes,
    },
  };
}

function importerContainer(claim: PersistentVolumeClaim, ownerUid: string, scratch: boolean): Container {
  const block = claim.spec.volumeMode === 'Block';
  return {
    name: 'importer',
    image,
    args: ['-v=1'],
    env: importerEnvironment(claim, ownerUid),
    ports: [{ name: 'metrics', containerPort: metricsPort, protocol: 'TCP' }],
    terminationMessagePolicy: 'File',
    resources: { requests: { cpu: '0', memory: '0' }, limits: { cpu: '0', memory: '0' } },
    ...(block ? { volumeDevices: [{ name: 'cdi-data-vol', devicePath: '/dev/cdi-block-volume' }] } : {}),
    volumeMounts: [
      ...(block ? [] : [{ name: 'cdi-data-vol', mountPath: '/data' }]),
      ...(scratch ? [{ name: 'cdi-scratch-vol', mountPath: '/scratch' }] : []),
    ],
  };
}

function importerEnvironment(claim: PersistentVolumeClaim, ownerUid: string): NonNullable<Container['env']> {
  const { annotations = {} } = claim.metadata;
  const secret = annotations[annotation.secretName];
  const headers = Object.keys(annotations).filter((key) => key.startsWith(`${annotation.extraHeaders}.`));
  const set = (name: string, value: string | undefined) => (value === undefined ? [] : [{ name, value }]);
  const fromSecret = (name: string, key: string) =>
    secret === undefined ? [] : [{ name, valueFrom: { secretKeyRef: { name: secret, key } } }];
  return [
    ...set('IMPORTER_SOURCE', annotations[annotation.source]),
    ...set('IMPORTER_ENDPOINT', annotations[annotation.endpoint]),
    ...set('IMPORTER_CONTENTTYPE', annotations[annotation.contentType]),
    ...set('IMPORTER_IMAGE_SIZE', claim.spec.resources?.requests?.storage),
    ...set('IMPORTER_CHECKSUM', annotations[annotation.checksum]),
    ...set('OWNER_UID', ownerUid),
    ...set('FILESYSTEM_OVERHEAD', String(filesystemOverhead)),
    ...set('INSECURE_TLS', 'false'),
    ...set('PREALLOCATION', annotations[annotation.preallocationRequested]),
    ...set('CACHE_MODE', annotations[annotation.requiresDirectIo] === 'true' ? 'TRYNONE' : undefined),
    ...headers.flatMap((key, index) => set(`IMPORTER_EXTRA_HEADER_${index}`, annotations[key])),
    ...fromSecret('IMPORTER_ACCESS_KEY_ID', 'accessKeyId'),
    ...fromSecret('IMPORTER_SECRET_KEY', 'secretKey'),
  ];
}

/** The claim for scratch space; it belongs to the pod and goes with it. */
export function scratchClaim(claim: PersistentVolumeClaim, pod: Pod): PersistentVolumeClaim {
  const { namespace } = claim.metadata;
  const { storageClassName, resources } = claim.spec;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: scratchName(claim),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...cdiLabels },
      annotations: { [annotation.immediateBinding]: '' },
      ownerReferences: [controllerRef(pod)],
    },
    spec: {
      ...(storageClassName === undefined ? {} : { storageClassName }),
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      ...(resources === undefined ? {} : { resources }),
    },
  };
}
