// The two pods of a host-assisted clone: a server that writes the target, and a source pod beside the source claim that sends to it.
// The source pod may be in another namespace, so nothing can own it; an annotation says whose it is.
import { controllerRef } from '@compute/kube-client';
import type { PersistentVolumeClaim, Pod } from '../kinds.ts';
import { cdiLabels, label } from './annotations.ts';
import { metricsPort } from './importer-pod.ts';

const version = 'v1.65.0';

/** `namespace/name` of the claim a source pod works for. */
export const ownerAnnotation = 'cdi.kubevirt.io/storage.ownerRef';

export function uploadPodName(claim: PersistentVolumeClaim): string {
  return `cdi-upload-${claim.metadata.name}`.slice(0, 253);
}

/** Also the value of a label of this pod; the server that writes the target is found by the claim that it serves. */
export function sourcePodName(claim: PersistentVolumeClaim): string {
  return `${claim.metadata.uid}-source-pod`;
}

/** The pod that receives the data and writes the claim. */
export function uploadPod(claim: PersistentVolumeClaim): Pod {
  const { namespace = 'default', name } = claim.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: uploadPodName(claim),
      namespace,
      labels: {
        ...cdiLabels,
        'cdi.kubevirt.io': 'cdi-upload-server',
        service: uploadPodName(claim).slice(0, 63),
        [label.uploadTarget]: claim.metadata.uid ?? '',
      },
      ownerReferences: [controllerRef(claim)],
    },
    spec: {
      restartPolicy: 'OnFailure',
      terminationGracePeriodSeconds: 30,
      containers: [
        { name: 'cdi-upload-server', image: `quay.io/kubevirt/cdi-uploadserver:${version}`, args: ['-v=1'] },
      ],
      volumes: [{ name: 'cdi-data-vol', persistentVolumeClaim: { claimName: name } }],
    },
  };
}

/** The pod that reads the source claim. */
export function sourcePod(claim: PersistentVolumeClaim, source: PersistentVolumeClaim): Pod {
  const { namespace = 'default' } = claim.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: sourcePodName(claim),
      namespace: source.metadata.namespace ?? namespace,
      labels: { ...cdiLabels, 'cdi.kubevirt.io': 'cdi-clone-source', [label.cloneUniqueId]: sourcePodName(claim) },
      annotations: { [ownerAnnotation]: `${namespace}/${claim.metadata.name}` },
    },
    spec: {
      restartPolicy: 'OnFailure',
      terminationGracePeriodSeconds: 30,
      containers: [
        {
          name: 'cdi-clone-source',
          image: `quay.io/kubevirt/cdi-cloner:${version}`,
          args: ['-v=1'],
          env: [
            { name: 'OWNER_UID', value: claim.metadata.uid ?? '' },
            {
              name: 'UPLOAD_URL',
              value: `https://${uploadPodName(claim)}.${namespace}.svc/v1beta1/upload`,
            },
          ],
          ports: [{ name: 'metrics', containerPort: metricsPort, protocol: 'TCP' }],
        },
      ],
      volumes: [{ name: 'cdi-data-vol', persistentVolumeClaim: { claimName: source.metadata.name, readOnly: true } }],
    },
  };
}
