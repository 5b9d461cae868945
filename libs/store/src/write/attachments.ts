/** Which VM names which disk, as far as one batch is concerned, and what of it changed. */

export interface Attachment {
  readonly project: string;
  readonly disk: string;
  readonly vmUid: string;
  readonly vmName: string;
  /** Whether the VM's deletion has been asked for. */
  readonly vmDeleting: boolean;
  readonly exclusive: boolean;
}

interface Held extends Attachment {
  stored: boolean;
  gone: boolean;
  loosened: boolean;
}

export class Attachments {
  readonly #byDisk = new Map<string, Held[]>();
  readonly #byVm = new Map<string, Held[]>();

  load(attachment: Attachment): void {
    this.#keep({ ...attachment, stored: true, gone: false, loosened: false });
  }

  attach(attachment: Attachment): void {
    this.#keep({ ...attachment, stored: false, gone: false, loosened: false });
  }

  detach(vmUid: string, disk: string): void {
    for (const held of this.#ofVm(vmUid)) if (held.disk === disk) held.gone = true;
  }

  /** The disk turned out to be optical: any number of VMs may have it. */
  loosen(project: string, disk: string): void {
    for (const held of this.#ofDisk(project, disk)) held.loosened = true;
  }

  holdersOf(project: string, disk: string): readonly Attachment[] {
    return this.#ofDisk(project, disk);
  }

  disksOf(vmUid: string): readonly Attachment[] {
    return this.#ofVm(vmUid);
  }

  removed(): readonly Attachment[] {
    return this.#all().filter((held) => held.stored && held.gone);
  }

  added(): readonly Attachment[] {
    return this.#all()
      .filter((held) => !held.stored && !held.gone)
      .map((held) => ({ ...held, exclusive: held.exclusive && !held.loosened }));
  }

  /** Stored ones that are to be no longer exclusive. */
  loosened(): readonly Attachment[] {
    return this.#all().filter((held) => held.stored && !held.gone && held.loosened && held.exclusive);
  }

  #keep(held: Held): void {
    append(this.#byDisk, `${held.project}/${held.disk}`, held);
    append(this.#byVm, held.vmUid, held);
  }

  #ofDisk(project: string, disk: string): Held[] {
    return (this.#byDisk.get(`${project}/${disk}`) ?? []).filter((held) => !held.gone);
  }

  #ofVm(vmUid: string): Held[] {
    return (this.#byVm.get(vmUid) ?? []).filter((held) => !held.gone);
  }

  #all(): Held[] {
    return [...this.#byVm.values()].flat();
  }
}

function append(map: Map<string, Held[]>, key: string, held: Held): void {
  const list = map.get(key);
  if (list) list.push(held);
  else map.set(key, [held]);
}
