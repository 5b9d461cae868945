/**
 * All that is needed to break a system and to look at what became of it: servers of its own, a simulated cluster in this
 * process whose storage and truth can be read, the API in this process, workers as real processes.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningApi, readApiConfig, startApi } from '@compute/api';
import { createLogger } from '@compute/runtime';
import { type ImageServer, type Simulator, startImageServer, startSimulator } from '@compute/simulator';
import { openStore, type Store } from '@compute/store';
import { OwnServers } from './own-servers.ts';
import { Rest } from './rest.ts';
import type { Trap } from './trap.ts';
import { WorkerProcess, type WorkerReports } from './worker-process.ts';

const IMAGE_BYTES = 4 * 2 ** 20;

export interface StageOptions {
  /** How much faster than real the cluster's time runs. */
  readonly timeScale?: number;
  readonly seed?: number;
}

interface Parts {
  readonly folder: string;
  readonly servers: OwnServers;
  readonly simulator: Simulator;
  readonly images: ImageServer;
  readonly store: Store;
  readonly api: RunningApi;
  readonly rest: Rest;
  readonly environment: Readonly<Record<string, string>>;
}

export class Stage {
  readonly #parts: Parts;
  readonly #workers: WorkerProcess[] = [];

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  static async start({ timeScale = 20, seed = 1 }: StageOptions = {}): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'survival-stage-'));
    const servers = await OwnServers.start();
    const simulator = await startSimulator({ timeScale, seed });
    const images = await startImageServer({ dataBytes: IMAGE_BYTES });
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, simulator.kubeconfig);
    const environment = {
      DATABASE_URL: servers.databaseUrl,
      SECRETS_KEY: randomBytes(32).toString('base64'),
      REDIS_URL: servers.redisUrl,
      QUEUE_PREFIX: servers.newPrefix(),
      KUBECONFIG: kubeconfig,
      USAGE_PERIOD: 'hour',
      // What is tried is whether wishes come true, not how many may be made.
      ...{ RATE_LIMIT_READS: '0', RATE_LIMIT_WRITES: '0', RATE_LIMIT_WATCHES: '0', QUOTA_DEFAULTS_FILE: 'unlimited' },
      LOG_LEVEL: process.env.STORY_LOG_LEVEL ?? 'silent',
      ALLOW_PRIVATE_SOURCES: 'true',
    };
    const store = await openStore({
      databaseUrl: environment.DATABASE_URL,
      secretsKey: environment.SECRETS_KEY,
      applicationName: 'survival',
      poolSize: 4,
      quotaDefaults: {},
    });
    const api = await startApi(readApiConfig({ ...environment, REST_PORT: '0', GRPC_PORT: '0' }), {
      logger: createLogger({ service: 'api', level: 'silent' }),
    });
    const { token } = await store.createApiKey({ name: 'survival', scopes: ['admin'] });
    const rest = new Rest(() => api.restUrl, token);
    return new Stage({ folder, servers, simulator, images, store, api, rest, environment });
  }

  get servers(): OwnServers {
    return this.#parts.servers;
  }

  get simulator(): Simulator {
    return this.#parts.simulator;
  }

  get store(): Store {
    return this.#parts.store;
  }

  get rest(): Rest {
    return this.#parts.rest;
  }

  get images(): ImageServer {
    return this.#parts.images;
  }

  get environment(): Readonly<Record<string, string>> {
    return this.#parts.environment;
  }

  get workers(): readonly WorkerProcess[] {
    return this.#workers;
  }

  /** Starts one more worker process that is replaced whenever it dies. Resolves when it takes work. */
  async startWorker(traps: () => readonly Trap[] = () => [], reports: WorkerReports = {}): Promise<WorkerProcess> {
    const worker = new WorkerProcess({ environment: this.environment, traps, ...reports });
    this.#workers.push(worker);
    await worker.ready();
    return worker;
  }

  async close(): Promise<void> {
    const { folder, servers, simulator, images, store, api } = this.#parts;
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await api.close();
    await store.close();
    await simulator.close();
    await images.close();
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
