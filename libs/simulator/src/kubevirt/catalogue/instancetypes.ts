/**
 * The cluster's instance types of the series u1 and m1, with upstream's sizes.
 *
 * The series s1 is no part of upstream: whoever offers it installs it. m1 asks for huge pages of 2 MiB, as upstream does, so its
 * machines stay unschedulable on nodes without them.
 */
import type { Instancetype } from '../instancetype.ts';

const U1: readonly [string, number, string][] = [
  ['nano', 1, '512Mi'],
  ['micro', 1, '1Gi'],
  ['small', 1, '2Gi'],
  ['medium', 1, '4Gi'],
  ['2xmedium', 2, '4Gi'],
  ['large', 2, '8Gi'],
  ['xlarge', 4, '16Gi'],
  ['2xlarge', 8, '32Gi'],
  ['4xlarge', 16, '64Gi'],
  ['8xlarge', 32, '128Gi'],
];

const M1: readonly [string, number, string][] = [
  ['large', 2, '16Gi'],
  ['xlarge', 4, '32Gi'],
  ['2xlarge', 8, '64Gi'],
  ['4xlarge', 16, '128Gi'],
  ['8xlarge', 32, '256Gi'],
];

const LABEL = 'instancetype.kubevirt.io';

/** The objects to install. */
export function clusterInstancetypeObjects(): Instancetype[] {
  return [
    ...U1.map(([size, vcpus, memory]) => instancetype('u1', size, vcpus, memory)),
    ...M1.map(([size, vcpus, memory]) => instancetype('m1', size, vcpus, memory, '2Mi')),
    ...M1.map(([size, vcpus, memory]) => instancetype('m1', `${size}1gi`, vcpus, memory, '1Gi')),
  ];
}

function instancetype(series: string, size: string, vcpus: number, memory: string, hugepages?: string): Instancetype {
  return {
    apiVersion: 'instancetype.kubevirt.io/v1beta1',
    kind: 'VirtualMachineClusterInstancetype',
    metadata: {
      name: `${series}.${size}`,
      labels: {
        [`${LABEL}/class`]: series === 'u1' ? 'general.purpose' : 'memory.intensive',
        [`${LABEL}/cpu`]: String(vcpus),
        [`${LABEL}/memory`]: memory,
        [`${LABEL}/size`]: size,
        [`${LABEL}/vendor`]: 'kubevirt.io',
        [`${LABEL}/version`]: '1',
        ...(hugepages === undefined ? {} : { [`${LABEL}/hugepages`]: hugepages }),
      },
    },
    spec: {
      cpu: { guest: vcpus },
      memory: { guest: memory, ...(hugepages === undefined ? {} : { hugepages: { pageSize: hugepages } }) },
    },
  };
}
