/** The catalogue as its users see it: sizes in GiB, where images lie in the cluster left out. */
import { gibOf, type Image, type InstanceProfile, type InstanceType, type StorageClass } from '@compute/domain';

export interface CatalogueTypeView {
  readonly name: string;
  readonly series: string;
  readonly vcpu: number;
  readonly memoryGib: number;
  /** GiB of memory for each vCPU. */
  readonly ratio: number;
  readonly available: boolean;
  readonly deprecated: boolean;
}

export interface ProfileView {
  readonly name: string;
  readonly title: string;
  readonly os: 'linux' | 'windows';
  readonly deprecated: boolean;
  readonly minVcpu: number;
  readonly minMemoryGib: number;
}

export interface ImageView {
  readonly name: string;
  readonly minStorageGib: number;
}

export function instanceTypeView({ memoryMib, ...type }: InstanceType): CatalogueTypeView {
  const memoryGib = gibOf(memoryMib);
  const { name, series, vcpu, available, deprecated } = type;
  return { name, series, vcpu, memoryGib, ratio: memoryGib / vcpu, available, deprecated };
}

export function profileView({ minMemoryMib, ...profile }: InstanceProfile): ProfileView {
  return { ...profile, minMemoryGib: gibOf(minMemoryMib) };
}

export const storageClassView = (storageClass: StorageClass): StorageClass => storageClass;

export function imageView({ name, minStorageMib }: Image): ImageView {
  return { name, minStorageGib: gibOf(minStorageMib) };
}
