/** Postgres and Redis of the test run as containers, for machines whose Docker engine has or can get the images. */
import type { StartedTestContainer } from 'testcontainers';

export interface TestServer {
  readonly url: string;
  /** For the output: what runs and where it comes from. */
  readonly description: string;
  stop(): Promise<void>;
}

const POSTGRES_IMAGE = 'postgres:18.4';
const REDIS_IMAGE = 'redis:7.4';
const PATIENCE_MS = 60_000;

export async function startPostgresContainer(): Promise<TestServer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(POSTGRES_IMAGE)
    .withEnvironment({ POSTGRES_HOST_AUTH_METHOD: 'trust', POSTGRES_INITDB_ARGS: '--locale=C.UTF-8 -E UTF8' })
    .withCommand(['postgres', '-c', 'max_connections=300', '-c', 'fsync=off', '-c', 'synchronous_commit=off'])
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .withStartupTimeout(PATIENCE_MS)
    .start();
  return {
    url: `postgresql://postgres@${addressOf(container, 5432)}/postgres`,
    description: `${POSTGRES_IMAGE}, a container`,
    stop: () => stop(container),
  };
}

export async function startRedisContainer(): Promise<TestServer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(REDIS_IMAGE)
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .withStartupTimeout(PATIENCE_MS)
    .start();
  return {
    url: `redis://${addressOf(container, 6379)}`,
    description: `${REDIS_IMAGE}, a container`,
    stop: () => stop(container),
  };
}

function addressOf(container: StartedTestContainer, port: number): string {
  return `${container.getHost()}:${container.getMappedPort(port)}`;
}

async function stop(container: StartedTestContainer): Promise<void> {
  await container.stop();
}
