/**
 * What a project can choose from: data, not code. The built-in catalogue is the specification's; an operator's file
 * may replace or extend any list.
 */

import { builtinInstanceTypes } from './builtin-instance-types.ts';
import { builtinProfiles } from './builtin-profiles.ts';
import { builtinImages, builtinStorageClasses } from './builtin-storage.ts';
import type { Image, InstanceProfile, InstanceType, StorageClass } from './entries.ts';

export type { Image, InstanceProfile, InstanceType, StorageClass };

export interface Catalogue {
  readonly instanceTypes: readonly InstanceType[];
  readonly profiles: readonly InstanceProfile[];
  readonly storageClasses: readonly StorageClass[];
  readonly images: readonly Image[];
}

export const builtinCatalogue: Catalogue = {
  instanceTypes: builtinInstanceTypes,
  profiles: builtinProfiles,
  storageClasses: builtinStorageClasses,
  images: builtinImages,
};

const byName = <T extends { readonly name: string }>(list: readonly T[], name: string): T | undefined =>
  list.find((entry) => entry.name === name);

export const findInstanceType = (catalogue: Catalogue, name: string): InstanceType | undefined =>
  byName(catalogue.instanceTypes, name);
export const findProfile = (catalogue: Catalogue, name: string): InstanceProfile | undefined =>
  byName(catalogue.profiles, name);
export const findStorageClass = (catalogue: Catalogue, name: string): StorageClass | undefined =>
  byName(catalogue.storageClasses, name);
export const findImage = (catalogue: Catalogue, name: string): Image | undefined => byName(catalogue.images, name);
