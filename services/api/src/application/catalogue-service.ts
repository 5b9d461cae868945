/** What can be chosen. The same for every project, open to every key, and fixed for as long as the process lives. */
import { createHash } from 'node:crypto';
import {
  type CatalogueTypeView,
  type ImageView,
  imageView,
  instanceTypeView,
  type ProfileView,
  profileView,
  storageClassView,
  type TokenSigner,
} from '@compute/contract';
import type { Catalogue, StorageClass } from '@compute/domain';
import type { PageRequest } from './service-parts.ts';

export interface CataloguePage<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly next?: string;
}

/** One list of the catalogue, in its order; its tag changes with its content alone. */
export class CatalogueList<T extends { readonly name: string }> {
  readonly items: readonly T[];
  readonly etag: string;
  readonly #scope: string;
  readonly #signer: TokenSigner;

  constructor(what: string, items: readonly T[], signer: TokenSigner) {
    this.items = items;
    this.etag = `"${createHash('sha256').update(JSON.stringify(items)).digest('base64url').slice(0, 22)}"`;
    this.#scope = `catalogue/${what}/${this.etag}`;
    this.#signer = signer;
  }

  /** Throws `InvalidArgument` for a token of another list, or of the list as it was before it changed. */
  page({ pageSize, pageToken }: PageRequest): CataloguePage<T> {
    const [after] = pageToken === '' ? [] : this.#signer.read(this.#scope, pageToken, '/pageToken');
    const begin = after === undefined ? 0 : this.items.findIndex(({ name }) => name === after) + 1;
    const items = this.items.slice(begin, begin + pageSize);
    const last = items.at(-1);
    if (!last || begin + pageSize >= this.items.length) return { items };
    return { items, next: this.#signer.sign(this.#scope, [last.name]) };
  }
}

export class CatalogueService {
  readonly instanceTypes: CatalogueList<CatalogueTypeView>;
  readonly instanceProfiles: CatalogueList<ProfileView>;
  readonly storageClasses: CatalogueList<StorageClass>;
  readonly images: CatalogueList<ImageView>;

  constructor(catalogue: Catalogue, signer: TokenSigner) {
    const { instanceTypes, profiles, storageClasses, images } = catalogue;
    this.instanceTypes = new CatalogueList('instance-types', instanceTypes.map(instanceTypeView), signer);
    this.instanceProfiles = new CatalogueList('instance-profiles', profiles.map(profileView), signer);
    this.storageClasses = new CatalogueList('storage-classes', storageClasses.map(storageClassView), signer);
    this.images = new CatalogueList('images', images.map(imageView), signer);
  }
}
