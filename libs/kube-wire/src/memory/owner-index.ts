/** Which objects name an owner, by the owner's uid. */
import type { KubeObject } from '../protocol/kube-object.ts';

export interface Reference {
  resource: string;
  namespace: string;
  name: string;
}

export class OwnerIndex {
  readonly #byOwner = new Map<string, Map<string, Reference>>();

  /** Replaces what the previous version of an object stood for. */
  update(reference: Reference, previous: KubeObject | undefined, next: KubeObject | undefined): void {
    if (previous?.metadata.ownerReferences === next?.metadata.ownerReferences) return;
    const key = `${reference.resource}/${reference.namespace}/${reference.name}`;
    for (const { uid } of previous?.metadata.ownerReferences ?? []) this.#remove(uid, key);
    for (const { uid } of next?.metadata.ownerReferences ?? []) {
      const dependents = this.#byOwner.get(uid) ?? new Map<string, Reference>();
      dependents.set(key, reference);
      this.#byOwner.set(uid, dependents);
    }
  }

  #remove(uid: string, key: string): void {
    const dependents = this.#byOwner.get(uid);
    dependents?.delete(key);
    if (dependents?.size === 0) this.#byOwner.delete(uid);
  }

  dependentsOf(uid: string): Reference[] {
    return [...(this.#byOwner.get(uid)?.values() ?? [])];
  }
}
