/**
 * Where stories are played: one cluster with all watches open, a namespace for each story, and the hands that a story needs.
 * Nothing of the product takes part: objects are written as any client of the cluster writes them.
 */
import { randomUUID } from 'node:crypto';
import { type KubeClient, type KubeObject, type ResourceKind, resourceKind } from '@compute/kube-client';
import { type GuestRule, type ImageServer, startImageServer } from '@compute/simulator';
import type { Combination } from '../combination/combination.ts';
import { type OpenCluster, openCluster } from '../combination/open-cluster.ts';
import { type Seen, type Sight, type Trace, traceOf } from './trace.ts';

/** Slow enough that the controllers see most of what the players do. */
const TIME_SCALE = 3;
const PATIENCE_MS = 90_000;
/** So long nothing is written when a story is over. */
const QUIET_MS = 2_500;

const kindOf = (group: string, version: string, kind: string, namespaced = true): ResourceKind<Seen> =>
  resourceKind({ group, version, kind, plural: `${kind.toLowerCase()}s`, namespaced });

export const kinds = {
  vm: kindOf('kubevirt.io', 'v1', 'VirtualMachine'),
  vmi: kindOf('kubevirt.io', 'v1', 'VirtualMachineInstance'),
  dv: kindOf('cdi.kubevirt.io', 'v1beta1', 'DataVolume'),
  pvc: kindOf('', 'v1', 'PersistentVolumeClaim'),
  pod: kindOf('', 'v1', 'Pod'),
  event: kindOf('', 'v1', 'Event'),
} as const;
const namespaces = kindOf('', 'v1', 'Namespace', false);
const quotas = kindOf('', 'v1', 'ResourceQuota');

export class TraceStage {
  readonly cluster: OpenCluster;
  readonly images: ImageServer;
  readonly #sights: Sight[] = [];
  readonly #waiters = new Set<() => void>();
  readonly #watching = new AbortController();

  private constructor(cluster: OpenCluster, images: ImageServer) {
    this.cluster = cluster;
    this.images = images;
  }

  static async open(combination: Combination, pieces: string | undefined): Promise<TraceStage> {
    const cluster = await openCluster(combination, pieces, { timeScale: TIME_SCALE });
    const stage = new TraceStage(cluster, await startImageServer());
    for (const kind of Object.values(kinds)) await stage.#follow(kind);
    return stage;
  }

  async close(): Promise<void> {
    this.#watching.abort(new Error('the stories are over'));
    await this.images.close();
    await this.cluster.close();
  }

  /** A place for one run of a story. */
  async place(): Promise<Place> {
    const name = `story-${randomUUID().slice(0, 8)}`;
    await this.cluster.admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    return new Place(this, name);
  }

  sightsOf(namespace: string): Sight[] {
    return this.#sights.filter(({ object }) => object.metadata.namespace === namespace);
  }

  /** Resolves when it holds; it is asked again after every write that is seen. */
  until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiters.delete(ask);
        settle();
      };
      const ask = (): void => {
        if (holds()) finish(resolve);
      };
      const timer = setTimeout(() => finish(() => reject(new Error(`waited too long until ${what}`))), PATIENCE_MS);
      this.#waiters.add(ask);
    });
  }

  /** Resolves when nothing was written in a namespace for a while. */
  quiet(namespace: string): Promise<void> {
    return new Promise((resolve) => {
      let seen = this.sightsOf(namespace).length;
      const timer = setTimeout(() => {
        this.#waiters.delete(ask);
        resolve();
      }, QUIET_MS);
      const ask = (): void => {
        const now = this.sightsOf(namespace).length;
        if (now !== seen) timer.refresh();
        seen = now;
      };
      this.#waiters.add(ask);
    });
  }

  async #follow(kind: ResourceKind<Seen>): Promise<void> {
    const { admin } = this.cluster;
    const { resourceVersion } = await admin.list(kind);
    const see = (type: string, object: Seen): void => {
      if (type === 'BOOKMARK') return;
      this.#sights.push({ kind: kind.kind, object, isGone: type === 'DELETED' });
      for (const ask of this.#waiters) ask();
    };
    const options = resourceVersion === undefined ? {} : { resourceVersion };
    admin.watch(kind, options, ({ type, object }) => see(type, object), this.#watching.signal).catch(() => undefined);
  }
}

/** How a guest ends by itself. */
export type VmEnd = NonNullable<GuestRule['ends']>;

export interface DiskWishes {
  readonly source?: object;
  readonly className?: string;
  readonly size?: string;
}

/** One story's namespace. */
export class Place {
  readonly namespace: string;
  readonly #stage: TraceStage;

  constructor(stage: TraceStage, namespace: string) {
    this.#stage = stage;
    this.namespace = namespace;
  }

  get #client(): KubeClient {
    return this.#stage.cluster.admin;
  }

  get players(): OpenCluster['players'] {
    return this.#stage.cluster.players;
  }

  image(path: string): string {
    return new URL(path, this.#stage.images.url).href;
  }

  ref(name: string): { name: string; namespace: string } {
    return { name, namespace: this.namespace };
  }

  /** A disk as the product makes them: bound at once. */
  async disk(name: string, { source = { blank: {} }, className = 'replicated', size = '5Gi' }: DiskWishes = {}) {
    const annotations = { 'cdi.kubevirt.io/storage.bind.immediate.requested': 'true' };
    await this.#create(kinds.dv, name, {
      metadata: { ...this.ref(name), annotations },
      spec: { source, storage: { resources: { requests: { storage: size } }, storageClassName: className } },
    });
  }

  /** A machine of one core whose disk is a container's image unless it names disks. */
  async machine(name: string, spec: object = {}, disks: readonly string[] = []): Promise<void> {
    const volumes =
      disks.length === 0
        ? [{ name: 'root', containerDisk: { image: 'images.invalid/disk:1' } }]
        : disks.map((disk) => ({ name: disk, dataVolume: { name: disk } }));
    const template = {
      spec: {
        domain: {
          cpu: { cores: 1, sockets: 1, threads: 1 },
          memory: { guest: '1Gi' },
          devices: {
            disks: volumes.map((volume) => ({ name: volume.name, disk: { bus: 'virtio' } })),
            interfaces: [{ name: 'default', masquerade: {} }],
          },
        },
        networks: [{ name: 'default', pod: {} }],
        volumes,
      },
    };
    await this.#create(kinds.vm, name, {
      metadata: this.ref(name),
      spec: { runStrategy: 'Always', template, ...spec },
    });
  }

  async quota(hard: Readonly<Record<string, string>>): Promise<void> {
    await this.#create(quotas, 'quota', { metadata: this.ref('quota'), spec: { hard } });
  }

  async patch(kind: ResourceKind<Seen>, name: string, patch: Record<string, unknown>): Promise<void> {
    await this.#client.mergePatch(kind, this.ref(name), patch);
  }

  async remove(kind: ResourceKind<Seen>, name: string): Promise<void> {
    await this.#client.delete(kind, this.ref(name));
  }

  /** A subresource of KubeVirt: start, stop and restart of a machine, everything else of its incarnation. */
  async call(name: string, subresource: string, body: object = {}): Promise<void> {
    const plural = ['start', 'stop', 'restart'].includes(subresource) ? 'virtualmachines' : 'virtualmachineinstances';
    const target = { group: 'subresources.kubevirt.io', version: 'v1', plural, ...this.ref(name), subresource };
    await this.#client.subresource('PUT', target, body);
  }

  /** The newest version of the newest incarnation; undefined when it is gone or was never there. */
  now(kind: ResourceKind<Seen>, name: string): Seen | undefined {
    const last = this.sights.findLast((one) => one.kind === kind.kind && one.object.metadata.name === name);
    return last === undefined || last.isGone ? undefined : last.object;
  }

  async until(kind: ResourceKind<Seen>, name: string, holds: (object: Seen) => boolean, what = ''): Promise<void> {
    await this.#stage.until(`${kind.kind} ${name} ${what}`, () => {
      const object = this.now(kind, name);
      return object !== undefined && holds(object);
    });
  }

  gone(kind: ResourceKind<Seen>, name: string): Promise<void> {
    return this.#stage.until(`${kind.kind} ${name} is gone`, () => this.now(kind, name) === undefined);
  }

  /** Until the disk is in a phase. */
  diskIs(name: string, phase: string): Promise<void> {
    return this.until(kinds.dv, name, ({ status }) => status?.phase === phase, `is ${phase}`);
  }

  /** Until the disk is good, and its claim bound. */
  async diskReady(name: string): Promise<void> {
    const bound = (object: Seen) =>
      object.status?.phase === 'Succeeded' &&
      object.status.conditions?.some(({ type, status }) => type === 'Bound' && status === 'True') === true;
    await this.until(kinds.dv, name, bound, 'is ready');
  }

  machineIs(name: string, printableStatus: string): Promise<void> {
    const is = ({ status }: Seen): boolean => status?.printableStatus === printableStatus;
    return this.until(kinds.vm, name, is, `is ${printableStatus}`);
  }

  /** Until the machine and its incarnation, other than the given one, run. Gives the incarnation's uid. */
  async runs(name: string, otherThan?: string): Promise<string> {
    let uid = '';
    await this.until(
      kinds.vm,
      name,
      ({ status }) => {
        const vmi = this.now(kinds.vmi, name);
        uid = vmi?.metadata.uid ?? '';
        const isNew = vmi?.status?.phase === 'Running' && uid !== otherThan;
        return isNew && status?.printableStatus === 'Running' && status.ready === true;
      },
      'runs',
    );
    return uid;
  }

  /** What the story told, once nothing more is written. */
  async trace(): Promise<Trace> {
    await this.#stage.quiet(this.namespace);
    return traceOf(this.sights, this.namespace);
  }

  get sights(): Sight[] {
    return this.#stage.sightsOf(this.namespace);
  }

  async #create(kind: ResourceKind<Seen>, name: string, object: object): Promise<void> {
    const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
    await this.#client.create(kind, {
      apiVersion,
      kind: kind.kind,
      metadata: { name },
      ...object,
    } as KubeObject as Seen);
  }
}
