/** An installation that an operator looks after: a database, a simulated cluster, workers in this process, the command. Test code only. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyResource, Kind } from '@compute/domain';
import { type KubeObject, type ResourceKind, resourceKind } from '@compute/kube-client';
import { runOperator } from '@compute/operate';
import { type Simulator, startSimulator } from '@compute/simulator';
import { openStore, type Store } from '@compute/store';
import { freshDatabase, testRedis } from '@compute/test-services';
import { type RunningWorker, readWorkerConfig, startWorker } from '@compute/worker';
import { eventually } from '../survival/stage/eventually.ts';
import { backUp } from './backup.ts';

const TIME_SCALE = 20;
const WITHIN_MS = 20_000;

/** An object whose fields a story names itself. */
// biome-ignore lint/suspicious/noExplicitAny: a story reads fields of many kinds
export type Loose = KubeObject & { spec?: any; status?: any; data?: Record<string, string> };

const kindOf = (group: string, version: string, kind: string): ResourceKind<Loose> =>
  resourceKind<Loose>({ group, version, kind, plural: `${kind.toLowerCase()}s`, namespaced: true });

export const KINDS = {
  virtualMachine: kindOf('kubevirt.io', 'v1', 'VirtualMachine'),
  machine: kindOf('kubevirt.io', 'v1', 'VirtualMachineInstance'),
  dataVolume: kindOf('cdi.kubevirt.io', 'v1beta1', 'DataVolume'),
  claim: kindOf('', 'v1', 'PersistentVolumeClaim'),
  service: kindOf('', 'v1', 'Service'),
  secret: kindOf('', 'v1', 'Secret'),
};

const NAMESPACES = resourceKind<Loose>({
  ...{ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces' },
  namespaced: false,
});

export interface Run {
  readonly code: number;
  readonly out: string;
}

export class OperatedStage {
  readonly simulator: Simulator;
  readonly #folder: string;
  readonly #workers: RunningWorker[] = [];
  #environment: Readonly<Record<string, string>>;
  #store: Store;

  private constructor(parts: {
    folder: string;
    simulator: Simulator;
    environment: Record<string, string>;
    store: Store;
  }) {
    this.#folder = parts.folder;
    this.simulator = parts.simulator;
    this.#environment = parts.environment;
    this.#store = parts.store;
  }

  /** With a project of the same name as its namespace, for each name. */
  static async start(projects: readonly string[]): Promise<OperatedStage> {
    const folder = mkdtempSync(join(tmpdir(), 'operated-'));
    const simulator = await startSimulator({ timeScale: TIME_SCALE });
    writeFileSync(join(folder, 'kubeconfig'), simulator.kubeconfig);
    const [{ url: databaseUrl }, redis] = await Promise.all([freshDatabase(), testRedis()]);
    const environment = {
      ...{ DATABASE_URL: databaseUrl, SECRETS_KEY: randomBytes(32).toString('base64') },
      ...{ REDIS_URL: redis.url, QUEUE_PREFIX: redis.prefix, KUBECONFIG: join(folder, 'kubeconfig') },
      ...{ LOG_LEVEL: process.env.STORY_LOG_LEVEL ?? 'silent', SOURCE_PROBE: 'off', USAGE_PERIOD: 'minute' },
    };
    const store = await openStoreOf(environment);
    for (const name of projects) {
      await store.createProject(name, { namespace: name });
      await simulator.client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    return new OperatedStage({ folder, simulator, environment, store });
  }

  get store(): Store {
    return this.#store;
  }

  get environment(): Readonly<Record<string, string>> {
    return this.#environment;
  }

  /** Stops everybody, copies the database, and goes on with the original. Answers with the address of the copy. */
  async backUp(): Promise<string> {
    await this.stopWorkers();
    await this.#store.close();
    const copy = await backUp(this.#environment.DATABASE_URL ?? '');
    this.#store = await openStoreOf(this.#environment);
    return copy;
  }

  /** From now on the store, the command and new workers use another database. */
  async useDatabase(databaseUrl: string): Promise<void> {
    await this.stopWorkers();
    await this.#store.close();
    this.#environment = { ...this.#environment, DATABASE_URL: databaseUrl };
    this.#store = await openStoreOf(this.#environment);
  }

  async startWorker(more: Readonly<Record<string, string>> = {}): Promise<RunningWorker> {
    const worker = await startWorker(readWorkerConfig({ ...this.#environment, ...more }), {});
    this.#workers.push(worker);
    return worker;
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.close()));
  }

  /** Runs the operator's command. */
  async operate(...args: string[]): Promise<Run> {
    const lines: string[] = [];
    const io = { env: this.#environment, folder: this.#folder, print: hear(lines), complain: hear(lines) };
    const code = await runOperator(args, io);
    return { code, out: lines.join('\n') };
  }

  /** The report of `--json`. */
  async report<T>(...args: string[]): Promise<T & { readonly code: number }> {
    const { code, out } = await this.operate(...args, '--json');
    return { ...(JSON.parse(out) as T), code };
  }

  create(kind: ResourceKind<Loose>, object: KubeObject): Promise<Loose> {
    return this.simulator.client.create(kind, object as Loose);
  }

  find(kind: ResourceKind<Loose>, namespace: string, name: string): Promise<Loose | undefined> {
    return this.simulator.client.get(kind, { namespace, name });
  }

  /** Waits until an object is as it should be, and returns it. */
  object(kind: ResourceKind<Loose>, namespace: string, name: string, fits: (found: Loose) => boolean): Promise<Loose> {
    return eventually(`${kind.kind} ${namespace}/${name}`, WITHIN_MS, async () => {
      const found = await this.find(kind, namespace, name);
      return found && fits(found) ? found : undefined;
    });
  }

  /** Waits until a row is as it should be, and returns it. */
  row<K extends Kind>(kind: K, project: string, name: string, fits: (row: AnyResource) => boolean) {
    return eventually(`${kind} ${project}/${name}`, WITHIN_MS, async () => {
      const found = await this.store.get(kind, project, name);
      return found && fits(found) ? found : undefined;
    });
  }

  async close(): Promise<void> {
    await this.stopWorkers();
    await this.#store.close();
    await this.simulator.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const hear = (lines: string[]) => (line: string) => void lines.push(line);

function openStoreOf(environment: Readonly<Record<string, string>>): Promise<Store> {
  const { DATABASE_URL: databaseUrl = '', SECRETS_KEY: secretsKey = '' } = environment;
  const settings = { applicationName: 'operated', quotaDefaults: {}, usagePeriod: 'minute' } as const;
  // The first connection to a database that was copied a moment ago may take its time.
  return eventually('a store', WITHIN_MS, () => openStore({ databaseUrl, secretsKey, ...settings }));
}
