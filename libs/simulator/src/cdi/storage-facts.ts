// What CDI knows about storage classes: whether populators may be used, when claims bind, and which modes a class can do.
import type { Informer, KubeObject } from '@compute/kube-client';
import type { InformerSet } from '../informer-set.ts';
import {
  type ClaimPropertySet,
  csiDrivers,
  type StorageClass,
  type StorageProfile,
  storageClasses,
  storageProfiles,
} from '../kinds.ts';

const defaultClassAnnotations = [
  'storageclass.kubevirt.io/is-default-virt-class',
  'storageclass.kubernetes.io/is-default-class',
];

// Provisioners whose abilities CDI knows by itself, best first. All others need a StorageProfile that says it.
const knownProvisioners: Readonly<Record<string, ClaimPropertySet[]>> = {
  'linstor.csi.linbit.com': [
    { accessModes: ['ReadWriteMany'], volumeMode: 'Block' },
    { accessModes: ['ReadWriteOnce'], volumeMode: 'Block' },
    { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' },
  ],
};

export class StorageFacts {
  readonly #classes: Informer<StorageClass>;
  readonly #profiles: Informer<StorageProfile>;
  readonly #drivers: Informer<KubeObject>;

  constructor(informers: InformerSet) {
    this.#classes = informers.of(storageClasses);
    this.#profiles = informers.of(storageProfiles);
    this.#drivers = informers.of(csiDrivers);
  }

  /** The class of this name, or the cluster's default when none is named; undefined when there is no such class. */
  classOf(name: string | undefined): StorageClass | undefined {
    if (name !== undefined) return this.#classes.get(undefined, name);
    const all = this.#classes.list();
    for (const key of defaultClassAnnotations) {
      const found = all.find((candidate) => candidate.metadata.annotations?.[key] === 'true');
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Populators are used where the provisioner is a CSI driver that is installed. */
  usesPopulators(className: string | undefined): boolean {
    const provisioner = this.classOf(className)?.provisioner;
    return provisioner !== undefined && this.#drivers.get(undefined, provisioner) !== undefined;
  }

  waitsForConsumer(className: string | undefined): boolean {
    return this.classOf(className)?.volumeBindingMode === 'WaitForFirstConsumer';
  }

  /** The modes a class can do, best first; empty when nobody said. */
  claimProperties(storageClass: StorageClass): ClaimPropertySet[] {
    const profile = this.#profiles.get(undefined, storageClass.metadata.name);
    const declared = profile?.spec?.claimPropertySets ?? profile?.status?.claimPropertySets ?? [];
    return declared.length > 0 ? declared : (knownProvisioners[storageClass.provisioner] ?? []);
  }
}
