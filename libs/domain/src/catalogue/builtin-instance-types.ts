/** The instance types of the specification: name, vCPU, memory in GiB (the specification writes GB and means GiB). */
import type { InstanceType } from './entries.ts';

type Row = readonly [name: string, vcpu: number, memoryGib: number];

const S: readonly Row[] = [
  ['s1.small', 1, 2],
  ['s1.medium', 2, 4],
  ['s1.large', 4, 8],
  ['s1.xlarge', 8, 16],
  ['s1.3large', 12, 24],
  ['s1.2xlarge', 16, 32],
  ['s1.3xlarge', 24, 48],
  ['s1.4xlarge', 32, 64],
  ['s1.8xlarge', 64, 128],
];
const U: readonly Row[] = [
  ['u1.medium', 1, 4],
  ['u1.large', 2, 8],
  ['u1.xlarge', 4, 16],
  ['u1.2xlarge', 8, 32],
  ['u1.4xlarge', 16, 64],
  ['u1.8xlarge', 32, 128],
];
const M: readonly Row[] = [
  ['m1.large', 2, 16],
  ['m1.xlarge', 4, 32],
  ['m1.2xlarge', 8, 64],
  ['m1.4xlarge', 16, 128],
  ['m1.8xlarge', 32, 256],
];

const series = (name: string, rows: readonly Row[]): InstanceType[] =>
  rows.map(([type, vcpu, memoryGib]) => ({
    name: type,
    series: name,
    vcpu,
    memoryMib: memoryGib * 1024,
    available: true,
    deprecated: false,
  }));

export const builtinInstanceTypes: readonly InstanceType[] = [...series('S', S), ...series('U', U), ...series('M', M)];
