/** What the containers lean on, on this machine: a Postgres with an empty database, a Redis, a simulated cluster, small images. */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startPostgres, startProcess, startRedis } from '@compute/dev-stack';
import { startImageServer } from '@compute/simulator';

/** Who the images run as; it must be able to read what is mounted. */
const IMAGE_USER = 65_532;
/** Imports need not take as long as real ones. */
const CLUSTER_TIME_SCALE = '4';

interface Stoppable {
  stop(): Promise<void>;
}

export class Backends {
  /** Holds `database-url`, `redis-url`, `secrets-key` and `kubeconfig`, for `/run/secrets`. */
  readonly secrets: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Ends in a slash. */
  readonly imagesUrl: string;
  readonly #parts: readonly Stoppable[];

  private constructor(
    urls: { secrets: string; databaseUrl: string; redisUrl: string; imagesUrl: string },
    parts: readonly Stoppable[],
  ) {
    this.secrets = urls.secrets;
    this.databaseUrl = urls.databaseUrl;
    this.redisUrl = urls.redisUrl;
    this.imagesUrl = urls.imagesUrl;
    this.#parts = parts;
  }

  static async start(folder: string): Promise<Backends> {
    const parts: Stoppable[] = [];
    const postgres = await startPostgres({ dir: join(folder, 'postgres') });
    parts.push(postgres);
    const redis = await startRedis({ dir: join(folder, 'redis') });
    parts.push(redis);
    const kubeconfig = join(folder, 'cluster.kubeconfig');
    parts.push(await startCluster(folder, kubeconfig));
    const images = await startImageServer({ port: await freePort() });
    parts.push({ stop: () => images.close() });
    const secrets = join(folder, 'secrets');
    writeSecrets(secrets, {
      'database-url': postgres.url,
      'redis-url': redis.url,
      'secrets-key': randomBytes(32).toString('base64'),
      kubeconfig: readFileSync(kubeconfig, 'utf8'),
    });
    return new Backends({ secrets, databaseUrl: postgres.url, redisUrl: redis.url, imagesUrl: images.url }, parts);
  }

  async stop(): Promise<void> {
    for (const part of this.#parts.toReversed()) await part.stop();
  }
}

/** A file each, which only the images' user can read. */
export function writeSecrets(folder: string, secrets: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  for (const [name, text] of Object.entries(secrets)) {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o400 });
    chownSync(path, IMAGE_USER, IMAGE_USER);
  }
}

async function startCluster(folder: string, kubeconfig: string) {
  const flags = {
    dir: join(folder, 'cluster'),
    kubeconfig,
    port: await freePort(),
    'control-port': await freePort(),
  };
  return startProcess({
    name: 'cluster',
    command: [
      'libs/simulator/dist/main.js',
      ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, `${value}`]),
    ],
    logFile: join(folder, 'cluster.log'),
    readyFrom: (line) => (typeof line.kubeconfig === 'string' ? line : undefined),
    env: { CLUSTER_TIME_SCALE },
  });
}
