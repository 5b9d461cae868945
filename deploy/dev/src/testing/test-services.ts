/**
 * The broker of a test run: gives databases and Redis servers to the tests that ask, and starts each at the first question.
 * Vitest calls `setup` once before the first test file; tests ask through `@compute/test-services`.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {} from '@compute/test-services';
import type { TestProject } from 'vitest/node';
import { type RunningRedis, startRedis } from '../servers/redis.ts';
import type { TestServer } from './test-containers.ts';
import { TestDatabases } from './test-databases.ts';
import { testPostgres, testRedisServer } from './test-servers.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

class TestServices {
  readonly #freshRedis = new Map<string, RunningRedis>();
  #postgres: Promise<{ server: TestServer; databases: TestDatabases }> | undefined;
  #redis: Promise<TestServer> | undefined;

  async answer(url: URL): Promise<string> {
    switch (url.pathname) {
      case '/database':
        return (await this.#databases()).fresh();
      case '/empty-database':
        return (await this.#databases()).empty();
      case '/redis':
        this.#redis ??= testRedisServer(say);
        return (await this.#redis).url;
      case '/fresh-redis':
        return this.#startFreshRedis();
      case '/stop-redis':
        return this.#stopFreshRedis(url.searchParams.get('url') ?? '');
      default:
        throw new Error('nobody knows this service');
    }
  }

  async stop(): Promise<void> {
    for (const redis of this.#freshRedis.values()) await redis.stop();
    await (await this.#redis)?.stop();
    const postgres = await this.#postgres;
    await postgres?.databases.close();
    await postgres?.server.stop();
  }

  async #databases(): Promise<TestDatabases> {
    this.#postgres ??= this.#startPostgres();
    return (await this.#postgres).databases;
  }

  async #startPostgres(): Promise<{ server: TestServer; databases: TestDatabases }> {
    const { migrate } = await import('@compute/store');
    const server = await testPostgres(say);
    return { server, databases: new TestDatabases(server.url, migrate) };
  }

  async #startFreshRedis(): Promise<string> {
    const redis = await startRedis({ say });
    this.#freshRedis.set(redis.url, redis);
    return redis.url;
  }

  async #stopFreshRedis(url: string): Promise<string> {
    await this.#freshRedis.get(url)?.stop();
    this.#freshRedis.delete(url);
    return 'stopped';
  }
}

/** Vitest's global set-up; gives the tear-down. */
export async function setup(project: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  const services = new TestServices();
  const broker = await listen(services);
  project.provide('testServicesUrl', `http://127.0.0.1:${(broker.address() as AddressInfo).port}/`);
  return async () => {
    broker.closeAllConnections();
    broker.close();
    await services.stop();
  };
}

async function listen(services: TestServices): Promise<Server> {
  const broker = createServer((request, response) => {
    services.answer(urlOf(request)).then(
      (text) => response.end(text),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  return broker;
}

function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'http://broker');
}
