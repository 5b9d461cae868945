// For tests: an API server, players and CDI over loopback, at many times the speed of a real cluster, and a record of everything that
// a DataVolume's status ever said.
import { KubeClient, type KubeObject, type ResourceKind } from '@compute/kube-client';
import { clusterKinds, FaultRules, type KubeServer, startKubeServer } from '@compute/kube-wire';
import { Cdi } from '../cdi/cdi.ts';
import { Clock } from '../clock.ts';
import { InformerSet } from '../informer-set.ts';
import {
  type Condition,
  type DataVolume,
  type DataVolumeSource,
  dataVolumes,
  events,
  namespaces,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
  volumeCloneSources,
  volumeImportSources,
} from '../kinds.ts';
import { installFixtures } from '../players/fixtures.ts';
import type { PlayerTimes } from '../players/player-times.ts';
import { Players } from '../players/players.ts';
import { PlayerSwitches } from '../players/switches.ts';

export interface StageOptions {
  scale?: number;
  times?: Partial<PlayerTimes>;
}

export const immediate = { 'cdi.kubevirt.io/storage.bind.immediate.requested': 'true' };

const watchedKinds = [
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  events,
  volumeImportSources,
  volumeCloneSources,
] as unknown as ResourceKind<KubeObject>[];

export class Stage {
  readonly server: KubeServer;
  readonly client: KubeClient;
  readonly faults: FaultRules;
  readonly switches = new PlayerSwitches();
  informers!: InformerSet;
  players!: Players;
  cdi!: Cdi;
  readonly namespace = 'stories';
  readonly errors: unknown[] = [];
  readonly #options: StageOptions;
  readonly #seen = new Map<string, DataVolume[]>();
  readonly #watching = new AbortController();
  #changed = Promise.withResolvers<void>();

  private constructor(server: KubeServer, faults: FaultRules, options: StageOptions) {
    this.faults = faults;
    this.server = server;
    this.client = KubeClient.fromKubeconfigText(server.kubeconfig());
    this.#options = options;
    this.#make();
  }

  #make(): void {
    const onError = (error: unknown): void => void this.errors.push(error);
    this.informers = new InformerSet(this.client, onError);
    const clock = new Clock(this.#options.scale ?? 50);
    const shared = { client: this.client, clock, informers: this.informers, onError };
    const { times = {} } = this.#options;
    this.players = new Players({ ...shared, switches: this.switches, times });
    this.cdi = new Cdi(shared);
  }

  async #start(): Promise<void> {
    await this.informers.start();
    this.players.start();
    this.cdi.start();
    for (const kind of watchedKinds) this.informers.of(kind).onChange(() => this.#wake());
  }

  async #stop(): Promise<void> {
    await Promise.all([this.cdi.stop(), this.players.stop()]);
    await this.informers.stop();
  }

  /** Ends all players and controllers and starts others on the same cluster, as a new process would. */
  async restart(): Promise<void> {
    await this.#stop();
    this.#make();
    await this.#start();
  }

  static async open(options: StageOptions = {}): Promise<Stage> {
    const faults = new FaultRules();
    const stage = new Stage(
      await startKubeServer({ kinds: clusterKinds, faults, bookmarkIntervalMs: 100 }),
      faults,
      options,
    );
    await stage.#begin();
    return stage;
  }

  async #begin(): Promise<void> {
    await installFixtures(this.client);
    await this.#addClass('test', 'Immediate');
    await this.#addClass('wffc', 'WaitForFirstConsumer');
    const metadata = { name: this.namespace };
    await this.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
    await this.#start();
    void this.client
      .watch(dataVolumes, {}, ({ type, object }) => this.#see(type, object), this.#watching.signal)
      .catch(() => undefined);
  }

  // Classes whose provisioner is no CSI driver: CDI fills their claims without populators.
  async #addClass(name: string, volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer'): Promise<void> {
    const provisioner = 'example.invalid/none';
    const object = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner };
    await this.client.create(storageClasses, { ...object, volumeBindingMode, allowVolumeExpansion: true });
  }

  async close(): Promise<void> {
    this.#watching.abort(new Error('the story is over'));
    await this.#stop();
    await this.client.close();
    await this.server.close();
  }

  create<T extends KubeObject>(kind: ResourceKind<T>, object: T): Promise<T> {
    return this.client.create(kind, object);
  }

  /** Creates a DataVolume as the traces do: 1 Mi, class `replicated`, bound at once. */
  async dataVolume(
    name: string,
    source: DataVolumeSource,
    options: {
      spec?: 'storage' | 'pvc';
      className?: string;
      size?: string;
      annotations?: Record<string, string>;
    } = {},
  ): Promise<DataVolume> {
    const { spec = 'storage', className = 'replicated', size = '1Mi', annotations = immediate } = options;
    const storage = {
      resources: { requests: { storage: size } },
      storageClassName: className,
      ...(spec === 'pvc' ? { accessModes: ['ReadWriteOnce'] } : {}),
    };
    return this.client.create(dataVolumes, {
      apiVersion: 'cdi.kubevirt.io/v1beta1',
      kind: 'DataVolume',
      metadata: { name, namespace: this.namespace, annotations },
      spec: { source, [spec]: storage },
    });
  }

  #see(type: string, object: DataVolume): void {
    const versions = this.#seen.get(object.metadata.name) ?? [];
    if (type !== 'DELETED') versions.push(object);
    this.#seen.set(object.metadata.name, versions);
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  /** Waits until something holds; it is asked again after every change of what CDI works with. */
  async until(what: string, holds: () => unknown): Promise<void> {
    const deadline = AbortSignal.timeout(25_000);
    const late = new Promise<never>((_resolve, reject) => {
      deadline.addEventListener('abort', () => reject(new Error(`waited too long until ${what}`)), { once: true });
    });
    late.catch(() => undefined);
    while (!holds()) await Promise.race([this.#changed.promise, late]);
  }

  /** Everything the DataVolume's status said, oldest first. */
  versions(name: string): DataVolume[] {
    return this.#seen.get(name) ?? [];
  }

  latest(name: string): DataVolume | undefined {
    return this.versions(name).at(-1);
  }

  condition(name: string, type: 'Bound' | 'Running' | 'Ready'): Condition | undefined {
    return conditionOf(this.latest(name), type);
  }

  /** Waits for a phase (and, when given, the reason of Running). */
  async reaches(name: string, phase: string, runningReason?: string): Promise<void> {
    await this.until(`${name} is ${phase} ${runningReason ?? ''}`, () => {
      const latest = this.latest(name);
      const reason = conditionOf(latest, 'Running')?.reason;
      return latest?.status?.phase === phase && (runningReason === undefined || reason === runningReason);
    });
  }

  /** Waits for the end of a success: Succeeded and Bound. */
  async succeeds(name: string): Promise<void> {
    await this.until(`${name} is Succeeded and Bound`, () => {
      const latest = this.latest(name);
      return latest?.status?.phase === 'Succeeded' && conditionOf(latest, 'Bound')?.status === 'True';
    });
  }

  claims(): PersistentVolumeClaim[] {
    return this.informers.of(persistentVolumeClaims).list(this.namespace);
  }

  claim(name: string): PersistentVolumeClaim | undefined {
    return this.informers.of(persistentVolumeClaims).get(this.namespace, name);
  }

  prime(): PersistentVolumeClaim | undefined {
    return this.claims().find(
      ({ metadata }) => metadata.name.startsWith('prime-') && !metadata.name.endsWith('-scratch'),
    );
  }

  pods(): Pod[] {
    return this.informers.of(pods).list(this.namespace);
  }

  pod(prefix: string): Pod | undefined {
    return this.pods().find(({ metadata }) => metadata.name.startsWith(prefix));
  }

  /** The story as `phase | Bound | Running | Ready`, without repetitions. */
  story(name: string): string[] {
    const rows = this.versions(name).map(rowOf);
    return rows.filter((row, index) => row !== rows[index - 1]);
  }

  /** Different values of progress in the order in which they were shown. */
  progress(name: string): string[] {
    const shown = this.versions(name).flatMap(({ status }) => status?.progress ?? []);
    return shown.filter((value, index) => value !== shown[index - 1]);
  }
}

function conditionOf(dataVolume: DataVolume | undefined, type: string): Condition | undefined {
  return dataVolume?.status?.conditions?.find((condition) => condition.type === type);
}

function rowOf(dataVolume: DataVolume): string {
  const shown = (type: string): string => {
    const condition = conditionOf(dataVolume, type);
    if (condition === undefined) return '-';
    return condition.reason === undefined ? condition.status : `${condition.status}/${condition.reason}`;
  };
  return `${dataVolume.status?.phase ?? ''} | ${shown('Bound')} | ${shown('Running')} | ${shown('Ready')}`;
}
