/** Users at work: they create machines with disks, edit, stop and delete them, and look at quota and usage, without a pause. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Doors } from './doors.ts';

const KIND = 'apps.cozystack.io/v1alpha1';
const BETWEEN_MS = 1_000;
/** Every so many machines, one of an earlier turn is deleted with its disk, and one is edited. */
const DELETE_EVERY = 3;
const EDIT_EVERY = 2;

export interface Wish {
  readonly vm: string;
  readonly disk: string;
}

export class Load {
  /** Machines that must be there at the end. */
  readonly wished = new Map<string, Wish>();
  readonly deleted: Wish[] = [];
  readonly #doors: Doors;
  readonly #path: string;
  #stopping = false;
  readonly #users: Promise<void>[];

  constructor(doors: Doors, project: string, users: number) {
    this.#doors = doors;
    this.#path = `/v1/projects/${project}`;
    this.#users = Array.from({ length: users }, (_, user) => this.#work(user));
  }

  /** Resolves when what was begun is answered. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#users);
  }

  /** What a user wrote in cloud-init, which must read back. */
  static secretOf(vm: string): string {
    return `#cloud-config\nhostname: ${vm}\npassword: of-${vm}\n`;
  }

  async #work(user: number): Promise<void> {
    for (let turn = 1; !this.#stopping; turn += 1) {
      const wish = { vm: `vm-${user}-${turn}`, disk: `disk-${user}-${turn}` };
      await this.#create(wish);
      if (turn % EDIT_EVERY === 0) await this.#edit(wish);
      if (turn % DELETE_EVERY === 0) await this.#delete(`vm-${user}-${turn - 1}`);
      await this.#look(wish);
      await pause(BETWEEN_MS);
    }
  }

  async #create(wish: Wish): Promise<void> {
    const disk = { source: {}, optical: false, storage: '5Gi', storageClass: 'replicated' };
    const vm = {
      ...{ external: false, running: true, instanceType: 'u1.medium', instanceProfile: 'ubuntu', disks: [wish.disk] },
      cloudInit: Load.secretOf(wish.vm),
    };
    const manifest = (kind: string, name: string, spec: object) => ({
      apiVersion: KIND,
      kind,
      metadata: { name },
      spec,
    });
    await this.#doors.call('POST', `${this.#path}/vm-disks`, manifest('VMDisk', wish.disk, disk));
    await this.#doors.call('POST', `${this.#path}/vm-instances`, manifest('VMInstance', wish.vm, vm));
    this.wished.set(wish.vm, wish);
  }

  async #edit({ vm }: Wish): Promise<void> {
    await this.#doors.call('PATCH', `${this.#path}/vm-instances/${vm}`, { metadata: { labels: { edited: 'yes' } } });
  }

  async #delete(vm: string): Promise<void> {
    const wish = this.wished.get(vm);
    if (!wish) return;
    this.wished.delete(vm);
    this.deleted.push(wish);
    // A repetition after a broken connection may find it gone.
    await this.#doors.call('DELETE', `${this.#path}/vm-instances/${vm}?withDisks=true`, undefined, [404]);
  }

  async #look({ vm }: Wish): Promise<void> {
    const found = await this.#doors.call<{ spec: { cloudInit: string } }>('GET', `${this.#path}/vm-instances/${vm}`);
    if (found && found.spec.cloudInit !== Load.secretOf(vm))
      this.#doors.counts.failures.push(`${vm} reads back with another cloudInit`);
    await this.#doors.call('GET', `${this.#path}/quota`);
    await this.#doors.call('GET', `${this.#path}/usage`);
  }
}
