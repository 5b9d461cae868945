/** The pod that brings volumes to the node of a machine that runs. It does nothing but hold their claims. */
import { controllerRef } from '@compute/kube-client';
import { LAUNCHER_IMAGE } from './launcher-pod.ts';
import type { Pod, VolumeSpec } from './objects.ts';
import { claimNameOf } from './objects.ts';

export function attachmentPod(launcher: Pod, volumes: readonly VolumeSpec[], nameSuffix: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `hp-volume-${nameSuffix}`,
      namespace: launcher.metadata.namespace ?? 'default',
      labels: { 'kubevirt.io': 'hotplug-disk' },
      ownerReferences: [controllerRef({ ...launcher, apiVersion: 'v1', kind: 'Pod' })],
    },
    spec: {
      terminationGracePeriodSeconds: 0,
      ...(launcher.spec.tolerations === undefined ? {} : { tolerations: launcher.spec.tolerations }),
      affinity: { nodeAffinity: onNode(launcher.spec.nodeName ?? '') },
      containers: [
        {
          name: 'hotplug-disk',
          image: LAUNCHER_IMAGE,
          resources: { limits: { cpu: '100m', memory: '80M' }, requests: { cpu: '10m', memory: '2M' } },
        },
      ],
      volumes: [
        { name: 'hotplug-disks', emptyDir: {} },
        ...volumes.map((volume) => ({
          name: volume.name,
          persistentVolumeClaim: { claimName: claimNameOf(volume) ?? '' },
        })),
      ],
    },
  };
}

function onNode(name: string) {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }];
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } };
}
