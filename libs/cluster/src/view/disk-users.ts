/** Which machines have a disk. Kept up to date by changes, so that a look costs nothing however many machines run. */

/** Something in the cluster that names disks: a machine that is up, or the manifest of one. */
export interface DiskUser {
  /** Name of the row, as users know the machine. */
  readonly vmName: string;
  readonly observed: { readonly disks?: readonly string[] };
}

export class DiskUsers {
  readonly #users = new Map<string, Set<string>>();

  /** Replaces what a machine used before by what it uses now; either is absent when there is no machine. */
  update(namespace: string, before: DiskUser | undefined, now: DiskUser | undefined): void {
    for (const disk of before?.observed.disks ?? []) this.#remove(`${namespace}/${disk}`, before?.vmName ?? '');
    for (const disk of now?.observed.disks ?? []) this.#add(`${namespace}/${disk}`, now?.vmName ?? '');
  }

  /** Names of the machines, sorted. */
  of(namespace: string, disk: string): string[] {
    return [...(this.#users.get(`${namespace}/${disk}`) ?? [])].sort();
  }

  #add(key: string, vmName: string): void {
    const users = this.#users.get(key);
    if (users === undefined) this.#users.set(key, new Set([vmName]));
    else users.add(vmName);
  }

  #remove(key: string, vmName: string): void {
    const users = this.#users.get(key);
    users?.delete(vmName);
    if (users?.size === 0) this.#users.delete(key);
  }
}
