/**
 * The product in containers of its own images beside the backends of the machine: what an operator does with them, in the order
 * in which he does it.
 */
import { freePort } from '@compute/dev-stack';
import { RestClient } from '../stories/rest-client.ts';
import type { Backends } from './backends.ts';
import type { Outcome } from './commands.ts';
import type { Engine } from './engine.ts';
import { HardenedContainer, runToEnd } from './hardened-container.ts';
import type { ProductImages } from './product-images.ts';

export const PROJECT = 'demo';
const SERVICES = ['api', 'worker'] as const;
type Service = (typeof SERVICES)[number];

const SECRETS = {
  DATABASE_URL_FILE: '/run/secrets/database-url',
  REDIS_URL_FILE: '/run/secrets/redis-url',
  SECRETS_KEY_FILE: '/run/secrets/secrets-key',
  KUBECONFIG: '/run/secrets/kubeconfig',
};

interface Ports {
  readonly rest: number;
  readonly grpc: number;
  readonly metrics: number;
}

export class Installation {
  readonly #engine: Engine;
  readonly #images: ProductImages;
  readonly #backends: Backends;
  readonly #ports: Ports;
  readonly #running = new Map<Service, HardenedContainer>();
  #apiKey = '';

  private constructor(engine: Engine, images: ProductImages, backends: Backends, ports: Ports) {
    this.#engine = engine;
    this.#images = images;
    this.#backends = backends;
    this.#ports = ports;
  }

  static async prepare(engine: Engine, images: ProductImages, backends: Backends): Promise<Installation> {
    const ports = { rest: await freePort(), grpc: await freePort(), metrics: await freePort() };
    return new Installation(engine, images, backends, ports);
  }

  get readyUrls(): readonly string[] {
    return [`http://127.0.0.1:${this.#ports.rest}/readyz`, `http://127.0.0.1:${this.#ports.metrics}/readyz`];
  }

  get rest(): RestClient {
    const facts = { rest: `http://127.0.0.1:${this.#ports.rest}`, project: PROJECT, apiKey: this.#apiKey };
    return new RestClient(() => facts);
  }

  /** The operator's command, in a container of its own. */
  operate(...args: string[]): Promise<Outcome> {
    const { secrets } = this.#backends;
    const image = this.#images.migrations.tag;
    return runToEnd(this.#engine, { name: 'compute-operate', image, env: SECRETS, secrets, args });
  }

  /** The project of the test and a key that may write in it. */
  async createProject(): Promise<void> {
    await this.#operated('projects', 'create', PROJECT, '--json');
    const key = await this.#operated(
      'keys',
      'create',
      'test',
      '--project',
      PROJECT,
      '--scopes',
      'read,write',
      '--json',
    );
    this.#apiKey = (JSON.parse(key) as { token: string }).token;
  }

  /** Starts both services; resolves with the milliseconds until each was healthy. */
  async startServices(): Promise<Record<Service, number>> {
    for (const service of SERVICES) this.#running.set(service, await this.#start(service));
    const [api = 0, worker = 0] = await Promise.all(SERVICES.map((one) => this.service(one).healthy(120_000)));
    return { api, worker };
  }

  service(name: Service): HardenedContainer {
    const container = this.#running.get(name);
    if (container === undefined) throw new Error(`${name} was not started`);
    return container;
  }

  async removeServices(): Promise<void> {
    for (const container of this.#running.values()) await container.remove();
    this.#running.clear();
  }

  #start(service: Service): Promise<HardenedContainer> {
    const { rest, grpc, metrics } = this.#ports;
    const env = {
      ...SECRETS,
      BIND_HOST: '127.0.0.1',
      REST_PORT: `${rest}`,
      GRPC_PORT: `${grpc}`,
      METRICS_PORT: `${metrics}`,
      // The images of the test come from loopback.
      ALLOW_PRIVATE_SOURCES: 'true',
    };
    const image = this.#images[service].tag;
    return HardenedContainer.start(this.#engine, {
      name: `compute-${service}`,
      image,
      env,
      secrets: this.#backends.secrets,
    });
  }

  async #operated(...args: string[]): Promise<string> {
    const { code, out, err } = await this.operate(...args);
    if (code !== 0) throw new Error(`operate ${args.join(' ')} ended with ${code}: ${out}${err}`);
    return out;
  }
}
