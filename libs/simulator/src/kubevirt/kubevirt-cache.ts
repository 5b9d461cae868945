/**
 * The informers that virt-controller and virt-handler read from, with the two lookups that plain informers lack: pods by their
 * VMI, and machines by the claim they use. Made before the informers are started, or the lookups miss what was there.
 *
 * What is read here may be older than the cluster. Every write therefore carries the resource version it was computed from.
 */
import { type Informer, type KubeObject, objectKey } from '@compute/kube-client';
import type { InformerSet } from '../informer-set.ts';
import { dataVolumes, persistentVolumeClaims, pods } from '../kinds.ts';
import { virtualMachineInstances, virtualMachines } from './kinds.ts';
import type {
  DataVolume,
  PersistentVolumeClaim,
  Pod,
  VirtualMachine,
  VirtualMachineInstance,
  VolumeSpec,
} from './objects.ts';
import { claimNameOf, controllerOf } from './objects.ts';
import type { VolumeLookup } from './volumes.ts';

export class KubeVirtCache {
  readonly vms: Informer<VirtualMachine>;
  readonly vmis: Informer<VirtualMachineInstance>;
  readonly pods: Informer<Pod>;
  readonly dataVolumes: Informer<DataVolume>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly #podsByOwner = new Map<string, Map<string, Pod>>();
  readonly #vmsByClaim = new ClaimIndex();
  readonly #vmisByClaim = new ClaimIndex();

  constructor(informers: InformerSet) {
    this.vms = informers.of(virtualMachines);
    this.vmis = informers.of(virtualMachineInstances);
    this.pods = informers.of(pods);
    this.dataVolumes = informers.of(dataVolumes);
    this.claims = informers.of(persistentVolumeClaims);
    this.pods.onChange(({ type, key, object }) => this.#indexPod(key, object, type === 'deleted'));
    this.vms.onChange(({ type, key, object }) =>
      this.#vmsByClaim.set(key, type === 'deleted' ? [] : (object.spec.template?.spec.volumes ?? [])),
    );
    this.vmis.onChange(({ type, key, object }) =>
      this.#vmisByClaim.set(key, type === 'deleted' ? [] : (object.spec.volumes ?? [])),
    );
  }

  /** The pods that an object controls, oldest first. */
  podsOf(owner: KubeObject): Pod[] {
    const found = [...(this.#podsByOwner.get(owner.metadata.uid ?? '')?.values() ?? [])];
    return found.sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));
  }

  /** Keys of the VMs, and of the VMIs, that use the claim (or DataVolume) of this object's name. */
  usersOf(object: KubeObject): { vms: Iterable<string>; vmis: Iterable<string> } {
    const key = objectKey(object.metadata);
    return { vms: this.#vmsByClaim.users(key), vmis: this.#vmisByClaim.users(key) };
  }

  /** The DataVolumes and claims of one namespace. */
  lookup(namespace: string): VolumeLookup {
    return {
      dataVolume: (name) => this.dataVolumes.get(namespace, name),
      claim: (name) => this.claims.get(namespace, name),
    };
  }

  #indexPod(key: string, pod: Pod, gone: boolean): void {
    const owner = controllerOf(pod.metadata)?.uid;
    if (owner === undefined) return;
    const owned = this.#podsByOwner.get(owner) ?? new Map<string, Pod>();
    if (gone) owned.delete(key);
    else owned.set(key, pod);
    if (owned.size === 0) this.#podsByOwner.delete(owner);
    else this.#podsByOwner.set(owner, owned);
  }
}

/** Which machines use which claim; keys are `namespace/name`. */
class ClaimIndex {
  readonly #claimsOf = new Map<string, string[]>();
  readonly #usersOf = new Map<string, Set<string>>();

  set(user: string, volumes: readonly VolumeSpec[]): void {
    const namespace = user.slice(0, user.indexOf('/'));
    const names = volumes.flatMap((volume) => claimNameOf(volume) ?? []);
    const claims = names.map((name) => `${namespace}/${name}`);
    for (const claim of this.#claimsOf.get(user) ?? []) this.#usersOf.get(claim)?.delete(user);
    this.#claimsOf.set(user, claims);
    if (claims.length === 0) this.#claimsOf.delete(user);
    for (const claim of claims) {
      const users = this.#usersOf.get(claim) ?? new Set<string>();
      this.#usersOf.set(claim, users.add(user));
    }
  }

  users(claim: string): Iterable<string> {
    return this.#usersOf.get(claim) ?? [];
  }
}
