import { describe, expect, it } from 'vitest';
import { HealthRegistry } from './health.ts';

describe('HealthRegistry', () => {
  it('is ready when every dependency answers', async () => {
    const health = new HealthRegistry();
    health.register('postgres', async () => 1);
    const state = await health.ready();
    expect(state.ready).toBe(true);
    expect(state.checks.map((check) => check.name)).toEqual(['postgres']);
  });

  it('names the dependency that fails by its code and without its address, and still lives', async () => {
    const health = new HealthRegistry();
    const refused = Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' });
    health.register('redis', async () => 1);
    health.register('postgres', () => Promise.reject(refused));
    const state = await health.ready();
    expect(state.ready).toBe(false);
    expect(state.checks[1]).toMatchObject({ name: 'postgres', ok: false, problem: 'ECONNREFUSED' });
    expect(health.live().status).toBe('ok');
  });

  it('does not wait for a dependency longer than its timeout', async () => {
    const health = new HealthRegistry();
    health.register('cluster', () => new Promise(() => undefined), 5);
    expect((await health.ready()).checks[0]?.problem).toBe('no answer within 5 ms');
  });

  it('is not ready while the process drains', async () => {
    const health = new HealthRegistry();
    health.drain();
    expect(await health.ready()).toEqual({ ready: false, draining: true, checks: [] });
  });
});
