/**
 * The life of one machine or disk as chance has it: created, moved from phase to phase as the lifecycle allows, made
 * larger, exposed, deleted. Each step is delivered to the store and written down as truth.
 */
import {
  builtinCatalogue,
  chargeVm,
  claimOfDisk,
  claimOfVm,
  initialDisk,
  initialVm,
  type Kind,
  LIFECYCLES,
  type VmDisk,
  type VmDiskSpec,
  type VmInstance,
  type VmInstanceSpec,
} from '@compute/domain';
import type { Store } from '@compute/store';
import type { Random } from '../survival/seeds/random.ts';
import { deliver } from './deliver.ts';
import { type TrueCharge, Truth } from './truth.ts';

const WORKER = { type: 'system', id: 'worker' } as const;
const USER = { type: 'user', id: 'proof' } as const;
const TYPES = ['u1.medium', 'u1.large', 'u1.xlarge', 'm1.large'] as const;
const OLDEST_NEWS_MS = 40 * 60_000;

const MACHINE: VmInstanceSpec = {
  ...{ external: false, externalMethod: 'PortList', externalPorts: [], instanceType: 'u1.medium' },
  ...{ instanceProfile: 'ubuntu', disks: [], sshKeys: [], cloudInit: '', cloudInitSeed: '' },
};
const DISK: VmDiskSpec = { source: {}, optical: false, storage: '10Gi', storageClass: 'replicated' };

export interface Moment {
  readonly now: number;
  /** Whether news may be older than now. Not while a period is being closed: then nobody could say which came first. */
  readonly mayBeOld: boolean;
}

export interface LifeParts {
  /** Two processes on one database. */
  readonly stores: readonly [Store, Store];
  readonly random: Random;
  readonly project: string;
  readonly name: string;
  readonly kind: Kind;
}

export class Life {
  readonly #parts: LifeParts;
  #truth: Truth | undefined;
  #uid = '';
  #isGone = false;

  constructor(parts: LifeParts) {
    this.#parts = parts;
  }

  get uid(): string {
    return this.#uid;
  }

  get truth(): Truth | undefined {
    return this.#truth;
  }

  cut(boundary: number): void {
    this.#truth?.cut(boundary);
  }

  /** One step that chance chooses. */
  async step(moment: Moment): Promise<void> {
    const { random } = this.#parts;
    if (this.#truth === undefined) return this.#create(moment);
    if (this.#isGone) return;
    if (this.#truth.phase === 'Deleting') return this.#remove(moment);
    if (random.chance(0.04)) return this.#delete(moment);
    const row = await this.#row();
    const choice = random.below(10);
    if (choice < 6) return this.#observe(row, moment);
    if (row.kind === 'VMDisk') return this.#grow(row, moment);
    return choice < 8 ? this.#resize(row, moment) : this.#expose(row, moment);
  }

  /** Deleted and gone, whatever it was before. */
  async end(moment: Moment): Promise<void> {
    if (this.#truth === undefined || this.#isGone) return;
    if (this.#truth.phase !== 'Deleting') await this.#delete(moment);
    await this.#remove(moment);
  }

  async #create({ now }: Moment): Promise<void> {
    const { kind, project, name } = this.#parts;
    const by = { actor: USER, requestId: 'proof', project, name };
    await this.#deliver(
      async (store) => {
        if (kind === 'VMDisk')
          return store.create({ ...by, kind, spec: DISK, ...initialDisk(), claim: claimOfDisk(DISK) });
        const size = chargeVm(MACHINE, builtinCatalogue);
        return store.create({ ...by, kind, spec: MACHINE, ...initialVm(size), claim: claimOfVm(MACHINE, size) });
      },
      async (store) => (await store.get(kind, project, name)) !== undefined,
    );
    const row = await this.#parts.stores[0].get(kind, project, name);
    if (!row) throw new Error(`${name} was created and is not there`);
    this.#uid = row.uid;
    this.#truth = new Truth(kind, now, chargeOf(row));
  }

  /** What a worker reports: another phase, and of a machine whether it has an address. */
  async #observe(row: VmDisk | VmInstance, { now, mayBeOld }: Moment): Promise<void> {
    const { random } = this.#parts;
    const phases = LIFECYCLES[row.kind].transitions as Readonly<Record<string, readonly string[]>>;
    const next = [row.phase, ...(phases[row.phase] ?? []).filter((phase) => phase !== 'Deleting')];
    const phase = random.one(next) as never;
    const happenedAt = mayBeOld && random.chance(0.5) ? now - random.below(OLDEST_NEWS_MS) + 60_000 : undefined;
    const details = row.kind === 'VMDisk' ? { attachedTo: [] } : this.#machineDetails(row);
    const { uid, specVersion, statusVersion } = row;
    const report = {
      ...{ actor: WORKER, uid, loaded: { specVersion, statusVersion }, phase, reason: 'Seen', message: 'Seen.' },
      ...{ conditions: [], details: details as never },
      ...(happenedAt === undefined ? {} : { happenedAt: new Date(happenedAt) }),
    };
    await this.#deliver(
      (store) => store.observe(report),
      async (store) => (await store.getByUid(uid))?.statusVersion !== statusVersion,
    );
    this.#truth?.change(now, { phase, charge: chargeOf(await this.#row()) }, happenedAt);
  }

  #machineDetails({ status }: VmInstance) {
    const { random } = this.#parts;
    const has = status.addresses?.external !== undefined;
    const external = random.chance(0.5) ? has : !has;
    return { instanceType: status.instanceType, ...(external ? { addresses: { external: '203.0.113.7' } } : {}) };
  }

  async #grow(row: VmDisk, moment: Moment): Promise<void> {
    const spec = { ...row.spec, storage: `${10 + this.#parts.random.below(90)}Gi` };
    await this.#want(row, { spec, claim: claimOfDisk(spec) }, moment);
  }

  async #resize(row: VmInstance, moment: Moment): Promise<void> {
    const spec = { ...row.spec, instanceType: this.#parts.random.one(TYPES) };
    const instanceType = chargeVm(spec, builtinCatalogue);
    await this.#want(row, { spec, claim: claimOfVm(spec, instanceType), chargedStatus: { instanceType } }, moment);
  }

  async #expose(row: VmInstance, moment: Moment): Promise<void> {
    const { random } = this.#parts;
    const externalMethod = random.one(['PortList', 'WholeIP'] as const);
    const spec: VmInstanceSpec = { ...row.spec, external: random.chance(0.7), externalMethod };
    await this.#want(row, { spec, claim: claimOfVm(spec, row.status.instanceType) }, moment);
  }

  async #want(row: VmDisk | VmInstance, change: object, { now }: Moment): Promise<void> {
    const { uid, project, specVersion } = row;
    const wish = { actor: USER, requestId: 'proof', target: { uid, project }, ...change };
    await this.#deliver(
      (store) => store.want(wish as never),
      async (store) => (await store.getByUid(uid))?.specVersion !== specVersion,
    );
    this.#truth?.change(now, { charge: chargeOf(await this.#row()) });
  }

  async #delete({ now }: Moment): Promise<void> {
    const target = { uid: this.#uid, project: this.#parts.project };
    const request = { actor: USER, requestId: 'proof', target };
    const isAsked = async (store: Store) => (await store.getByUid(this.#uid))?.deletionRequestedAt !== undefined;
    await this.#deliver((store) => store.requestDeletion(request), isAsked);
    this.#truth?.change(now, { phase: 'Deleting' });
  }

  async #remove({ now }: Moment): Promise<void> {
    const uid = this.#uid;
    const { specVersion, statusVersion } = await this.#row();
    const removal = { actor: WORKER, uid, loaded: { specVersion, statusVersion } };
    await this.#deliver(
      (store) => store.remove(removal),
      async (store) => (await store.getByUid(uid)) === undefined,
    );
    this.#truth?.change(now, { phase: 'Deleted' });
    this.#isGone = true;
  }

  /** One process brings it, or both at once. */
  #deliver(send: (store: Store) => Promise<unknown>, isDone: (store: Store) => Promise<boolean>): Promise<void> {
    const { stores, random } = this.#parts;
    return deliver(random.chance(0.3) ? stores : [random.one(stores)], send, isDone);
  }

  async #row(): Promise<VmDisk | VmInstance> {
    for (;;) {
      const row = await this.#parts.stores[0].getByUid(this.#uid).catch(() => 'broken' as const);
      if (row === undefined) throw new Error(`${this.#parts.name} is not there`);
      if (row !== 'broken') return row;
    }
  }
}

/** What the row says that a price depends on, read from what its user sees. */
function chargeOf(row: VmDisk | VmInstance): TrueCharge {
  if (row.kind === 'VMDisk') {
    const storageGib = Number(row.spec.storage.replace('Gi', ''));
    return { size: { storageClass: row.spec.storageClass, storageGib } };
  }
  const { series, name: instanceType, vcpu, memoryMib } = row.status.instanceType;
  const size = { series, instanceType, vcpu, memoryGib: memoryMib / 1_024 };
  const holdsIp = row.spec.external && row.status.addresses?.external !== undefined;
  return { size, ...(holdsIp ? { ipMethod: row.spec.externalMethod } : {}) };
}
