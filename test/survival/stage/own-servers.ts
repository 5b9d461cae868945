/** A Postgres and a Redis that a story may restart and empty, since nobody else uses them. */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningPostgres, type RunningRedis, startPostgres, startRedis } from '@compute/dev-stack';
import { migrate } from '@compute/store';
import { askRedis } from './ask-redis.ts';

export class OwnServers {
  readonly #folder: string;
  #postgres: RunningPostgres;
  #redis: RunningRedis;

  private constructor(folder: string, postgres: RunningPostgres, redis: RunningRedis) {
    this.#folder = folder;
    this.#postgres = postgres;
    this.#redis = redis;
  }

  static async start(): Promise<OwnServers> {
    const folder = mkdtempSync(join(tmpdir(), 'survival-'));
    // Postgres does not run as root and must be able to enter the folder.
    chmodSync(folder, 0o755);
    const postgres = await startPostgres({ dir: join(folder, 'postgres') });
    const redis = await startRedis({ dir: join(folder, 'redis') });
    await migrate(postgres.url);
    return new OwnServers(folder, postgres, redis);
  }

  get databaseUrl(): string {
    return this.#postgres.url;
  }

  get redisUrl(): string {
    return this.#redis.url;
  }

  /** For a queue of its own on the Redis that all stories of a run share. */
  newPrefix(): string {
    return `survival-${randomUUID().slice(0, 8)}`;
  }

  /** Ends every connection; the same data is there again on the same port when it resolves. */
  async restartPostgres(): Promise<void> {
    const { port } = this.#postgres;
    await this.#postgres.stop();
    this.#postgres = await startPostgres({ dir: join(this.#folder, 'postgres'), port });
  }

  async restartRedis(): Promise<void> {
    const { port } = this.#redis;
    await this.#redis.stop();
    this.#redis = await startRedis({ dir: join(this.#folder, 'redis'), port });
  }

  /** Redis forgets everything: queue, locks, scripts' results, marks. */
  async flushRedis(): Promise<void> {
    await askRedis(this.#redis.url, 'FLUSHALL');
  }

  async stop(): Promise<void> {
    await Promise.all([this.#postgres.stop(), this.#redis.stop()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
