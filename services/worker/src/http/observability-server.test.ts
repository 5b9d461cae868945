import { createLogger, HealthRegistry } from '@compute/runtime';
import { afterEach, expect, test } from 'vitest';
import { type ObservabilityServer, startObservabilityServer } from './observability-server.ts';

const servers: ObservabilityServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(health: HealthRegistry): Promise<string> {
  const server = await startObservabilityServer({
    host: '127.0.0.1',
    port: 0,
    health,
    metrics: { render: async () => 'compute_queue_depth 3\n' },
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  servers.push(server);
  return server.url;
}

test('a process whose database is away lives, but is not ready, and says why', async () => {
  const health = new HealthRegistry();
  health.register('database', () => Promise.reject(new Error('away')));
  const url = await start(health);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ ready: false, checks: [{ name: 'database', problem: 'away' }] });
});

test('a process that drains is not ready', async () => {
  const health = new HealthRegistry();
  const url = await start(health);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  health.drain();
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
});

test('metrics are served as Prometheus text', async () => {
  const url = await start(new HealthRegistry());
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  expect(await response.text()).toBe('compute_queue_depth 3\n');
});
