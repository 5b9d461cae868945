/**
 * One project's life from the first wish to the last: every action that a worker knows is needed somewhere in it. What it
 * answers is the same whatever happens to the workers meanwhile.
 */
import type { Kind, ResourceOf } from '@compute/domain';
import { namesOfOwned } from './stage/cluster-truth.ts';
import { eventually } from './stage/eventually.ts';
import type { Stage } from './stage/stage.ts';

const PATIENCE_MS = 100_000;
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1mZ0J3Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9v me@example.test';

/** What stands at three moments, as a person would list it. */
export type Outcome = Readonly<Record<'up' | 'edited' | 'off' | 'gone', readonly string[]>>;

/** Which resource is there first: it is the one that makes the namespace. */
export type FirstKind = Kind;

export async function live(stage: Stage, project: string, first: FirstKind): Promise<Outcome> {
  const { namespace } = await stage.store.createProject(project);
  const life = new Life(stage, project, namespace);
  if (first === 'VMInstance') await life.lone();
  await life.disks();
  if (first === 'VMDisk') await life.lone();
  const up = await life.machine();
  await life.power();
  await life.plug();
  const edited = await life.edit();
  const off = await life.switchOff();
  const gone = await life.end();
  return { up, edited, off, gone };
}

class Life {
  readonly #stage: Stage;
  readonly #project: string;
  readonly #namespace: string;

  constructor(stage: Stage, project: string, namespace: string) {
    this.#stage = stage;
    this.#project = project;
    this.#namespace = namespace;
  }

  /** A machine without disks that is off: nothing of a disk can have been there before it. */
  async lone(): Promise<void> {
    await this.#create('VMInstance', 'lone', { instanceType: 'u1.medium', instanceProfile: 'ubuntu', running: false });
    await this.#settled('VMInstance', 'lone', ({ phase }) => phase === 'Stopped');
  }

  async disks(): Promise<void> {
    const url = `${this.#stage.images.url}ubuntu.qcow2?bytesPerSecond=${3 * 2 ** 20}`;
    const shared = { storageClass: 'replicated' };
    await this.#create('VMDisk', 'system', { ...shared, source: { http: { url } }, storage: '2Gi' });
    await this.#create('VMDisk', 'data', { ...shared, source: {}, storage: '1Gi' });
    await this.#settled('VMDisk', 'system', ({ phase }) => phase === 'Ready');
    await this.#settled('VMDisk', 'data', ({ phase }) => phase === 'Ready');
  }

  async machine(): Promise<string[]> {
    await this.#create('VMInstance', 'web', {
      ...{ instanceType: 'u1.medium', instanceProfile: 'ubuntu', disks: ['system', 'data'] },
      ...{ cloudInit: '#cloud-config\n', sshKeys: [KEY], external: true, externalPorts: [22] },
    });
    await this.#settled(
      'VMInstance',
      'web',
      (vm) => vm.phase === 'Running' && vm.status.addresses?.external !== undefined,
    );
    return this.#state();
  }

  /** Forced, so that the guest is hurried; the lone machine is one of those whose next incarnation must be asked for. */
  async power(): Promise<void> {
    await this.#act('web', 'pause', 'Paused');
    await this.#act('web', 'unpause', 'Running');
    await this.#act('web', 'restart', 'Running', { force: true });
    const { rest } = this.#stage;
    await rest.edit(this.#project, 'VMInstance', 'lone', { running: null, runStrategy: 'RerunOnFailure' });
    await this.#settled('VMInstance', 'lone', ({ phase }) => phase === 'Running');
    await this.#act('lone', 'restart', 'Running', { force: true });
    await rest.edit(this.#project, 'VMInstance', 'lone', { runStrategy: 'Halted' });
    await this.#settled('VMInstance', 'lone', ({ phase }) => phase === 'Stopped');
  }

  async #act(name: string, verb: string, phase: ResourceOf['VMInstance']['phase'], options?: object): Promise<void> {
    await this.#stage.rest.act(this.#project, 'VMInstance', name, verb, options);
    await this.#settled('VMInstance', name, (vm) => vm.phase === phase && vm.status.power?.pending !== true);
  }

  /** A disk comes and goes while the machine runs. */
  async plug(): Promise<void> {
    const { rest } = this.#stage;
    await this.#create('VMDisk', 'extra', { storageClass: 'replicated', source: {}, storage: '1Gi' });
    await this.#settled('VMDisk', 'extra', ({ phase }) => phase === 'Ready');
    await rest.edit(this.#project, 'VMInstance', 'web', { disks: ['system', 'data', 'extra'] });
    await this.#settled('VMInstance', 'web', ({ status }) => status.disks?.at(-1)?.hotplugged === true);
    await this.#settled('VMDisk', 'extra', ({ status }) => status.attachedTo.includes('web'));
    await rest.edit(this.#project, 'VMInstance', 'web', { disks: ['system', 'data'] });
    await this.#settled('VMDisk', 'extra', ({ status }) => status.attachedTo.length === 0);
    await this.#delete('VMDisk', 'extra');
  }

  async edit(): Promise<string[]> {
    const { rest } = this.#stage;
    await rest.edit(this.#project, 'VMInstance', 'web', { external: false, cloudInit: '', sshKeys: [] });
    await rest.edit(this.#project, 'VMDisk', 'data', { storage: '3Gi' });
    await this.#settled('VMDisk', 'data', ({ phase, status }) => phase === 'Ready' && status.capacity === '3Gi');
    await this.#settled('VMInstance', 'web', () => this.#owned().every((name) => !/^(Service|Secret)/.test(name)));
    return this.#state();
  }

  async switchOff(): Promise<string[]> {
    await this.#stage.rest.act(this.#project, 'VMInstance', 'web', 'stop');
    await this.#settled('VMInstance', 'web', ({ phase }) => phase === 'Stopped');
    const again = { cloudInit: '#cloud-config\n', sshKeys: [KEY], external: true };
    await this.#stage.rest.edit(this.#project, 'VMInstance', 'web', again);
    await this.#settled(
      'VMInstance',
      'web',
      () => this.#owned().filter((name) => /^(Service|Secret)/.test(name)).length === 3,
    );
    return this.#state();
  }

  async end(): Promise<string[]> {
    for (const name of ['web', 'lone']) await this.#delete('VMInstance', name);
    for (const name of ['system', 'data']) await this.#delete('VMDisk', name);
    return this.#state();
  }

  async #create(kind: Kind, name: string, spec: object): Promise<void> {
    await this.#stage.rest.create(this.#project, kind, name, spec);
  }

  async #delete(kind: Kind, name: string): Promise<void> {
    await this.#stage.rest.delete(this.#project, kind, name);
    await eventually(`${this.#project}/${name} goes`, PATIENCE_MS, async () =>
      (await this.#stage.store.get(kind, this.#project, name)) === undefined ? true : undefined,
    );
  }

  /** The present wish was taken by the cluster and the resource is where it should be. */
  async #settled<K extends Kind>(kind: K, name: string, isThere: (row: ResourceOf[K]) => boolean): Promise<void> {
    await eventually(`${this.#project}/${name} settles`, PATIENCE_MS, async () => {
      const row = await this.#stage.store.get(kind, this.#project, name);
      if (row === undefined) return undefined;
      const { phase, status, generation } = row;
      const applied = status.conditions.find(({ type }) => type === 'SpecApplied');
      const isSettled = status.observedGeneration === generation && applied?.status !== 'False' && isThere(row);
      if (isSettled) return true;
      throw new Error(`${phase} at ${generation}: ${JSON.stringify(status)}; in the cluster ${this.#owned()}`);
    });
  }

  #owned(): string[] {
    return namesOfOwned(this.#stage.simulator, this.#namespace);
  }

  /** Phases, objects and counters, as sorted lines. */
  async #state(): Promise<string[]> {
    const { store } = this.#stage;
    const [disks, machines, quota] = await Promise.all([
      store.list({ kind: 'VMDisk', project: this.#project, limit: 100 }),
      store.list({ kind: 'VMInstance', project: this.#project, limit: 100 }),
      store.quota.counters(this.#project),
    ]);
    const phases = [...disks.items, ...machines.items].map(({ name, phase }) => `${name} ${phase}`);
    const counters = quota
      .filter(({ used }) => used > 0)
      .map(({ scope, metric, used }) => `${scope}/${metric} ${used}`);
    return [...phases.sort(), ...this.#owned(), ...counters.sort()];
  }
}
