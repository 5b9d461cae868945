/**
 * Decides which Postgres and which Redis a test run uses: the given one, else a container, else an embedded one; and says
 * which it became.
 */

import { startPostgres } from '../servers/postgres.ts';
import { startRedis } from '../servers/redis.ts';
import { dockerAnswers } from './docker-engine.ts';
import { startPostgresContainer, startRedisContainer, type TestServer } from './test-containers.ts';

type Say = (line: string) => void;

interface Choice {
  readonly part: 'Postgres' | 'Redis';
  readonly variable: 'DATABASE_URL' | 'REDIS_URL';
  readonly container: () => Promise<TestServer>;
  readonly embedded: () => Promise<TestServer>;
}

export function testPostgres(say: Say): Promise<TestServer> {
  return choose(
    { part: 'Postgres', variable: 'DATABASE_URL', container: startPostgresContainer, embedded: startPostgres },
    say,
  );
}

export function testRedisServer(say: Say): Promise<TestServer> {
  const embedded = () => startRedis({ say });
  return choose({ part: 'Redis', variable: 'REDIS_URL', container: startRedisContainer, embedded }, say);
}

async function choose(choice: Choice, say: Say): Promise<TestServer> {
  const server = given(choice) ?? (await inContainer(choice, say)) ?? (await choice.embedded());
  say(`Tests use ${choice.part}: ${server.description}`);
  return server;
}

function given({ variable }: Choice): TestServer | undefined {
  const url = process.env[variable];
  return url ? { url, description: `given by ${variable}`, stop: async () => undefined } : undefined;
}

async function inContainer(choice: Choice, say: Say): Promise<TestServer | undefined> {
  if (!(await dockerAnswers())) return undefined;
  try {
    return await choice.container();
  } catch (error) {
    say(`A Docker engine answers but gives no ${choice.part}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}
