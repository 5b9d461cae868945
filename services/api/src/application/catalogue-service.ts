/** What can be chosen. The same for every project, and open to every key. */
import {
  type CatalogueTypeView,
  type ImageView,
  imageView,
  instanceTypeView,
  type ProfileView,
  profileView,
  storageClassView,
} from '@compute/contract';
import type { Catalogue, StorageClass } from '@compute/domain';

export class CatalogueService {
  readonly instanceTypes: readonly CatalogueTypeView[];
  readonly instanceProfiles: readonly ProfileView[];
  readonly storageClasses: readonly StorageClass[];
  readonly images: readonly ImageView[];

  constructor(catalogue: Catalogue) {
    this.instanceTypes = catalogue.instanceTypes.map(instanceTypeView);
    this.instanceProfiles = catalogue.profiles.map(profileView);
    this.storageClasses = catalogue.storageClasses.map(storageClassView);
    this.images = catalogue.images.map(imageView);
  }
}
