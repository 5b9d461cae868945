import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MachineUsage } from '@compute/cluster';
import type { PerformanceSample } from '@compute/store';
import { afterEach, expect, it } from 'vitest';
import { readTraffic, TRAFFIC_QUERY } from './prometheus-figures.ts';
import { createRollup, createSampler, type SamplerStore } from './sampler.ts';

const AT = new Date('2026-11-23T10:00:00Z');
const MACHINE: MachineUsage = {
  uid: 'u1',
  namespace: 'tenant-a',
  name: 'web',
  at: AT,
  cpuCores: 0.5,
  memoryBytes: 2_048,
};

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Written {
  readonly samples: readonly PerformanceSample[];
  readonly calls: readonly string[];
}

/** A store that leads at once, and the first thing that was written to it. */
function recordingStore(): { store: SamplerStore; first: Promise<Written> } {
  const calls: string[] = [];
  const first = Promise.withResolvers<Written>();
  let samples: readonly PerformanceSample[] = [];
  const store: SamplerStore = {
    withLeadership: (_name, lead, signal) => lead(signal),
    performance: {
      write: async (given) => {
        samples = given;
        calls.push('write');
        return given.length;
      },
      roll: async (level) => {
        calls.push(level);
        if (level === 'minute') first.resolve({ samples, calls });
        return 0;
      },
      drop: async () => {
        calls.push('drop');
        first.resolve({ samples, calls });
        return 0;
      },
    },
  };
  return { store, first: first.promise };
}

async function sampled(prometheus?: () => ReturnType<typeof readTraffic>): Promise<Written & { errors: string[] }> {
  const { store, first } = recordingStore();
  const errors: string[] = [];
  const sampler = createSampler({
    store,
    cluster: { machineUsage: async () => [MACHINE] },
    everyMs: 60_000,
    ...(prometheus === undefined ? {} : { readTraffic: prometheus }),
    onSampled: () => undefined,
    onError: (name) => errors.push(name),
  }).start();
  closers.push(() => sampler.stop());
  return { ...(await first), errors };
}

/** A Prometheus that answers every query in the same way, and what it was asked. */
async function playedPrometheus(status: number, answer: unknown): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => asked.push(text));
    request.on('end', () => response.writeHead(status).end(JSON.stringify(answer)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

const series = (figure: string, value: string, name = 'web') => ({
  metric: { namespace: 'tenant-a', name, figure },
  value: [1_700_000_000, value],
});

it('without a Prometheus, network and disk are absent and not 0', async () => {
  const { samples, errors } = await sampled();
  expect(samples).toEqual([{ uid: 'u1', at: AT, figures: { cpuCores: 0.5, memoryBytes: 2_048 } }]);
  expect(errors).toEqual([]);
});

it('network and disk come from one query of Prometheus for all machines', async () => {
  const result = [
    series('networkReceiveBytesPerSecond', '1500.5'),
    series('diskWriteBytesPerSecond', '0'),
    series('diskReadBytesPerSecond', 'NaN'),
    series('cpuCores', '99'),
    series('networkReceiveBytesPerSecond', '7', 'other'),
  ];
  const { url, asked } = await playedPrometheus(200, { status: 'success', data: { resultType: 'vector', result } });
  const { samples } = await sampled(() => readTraffic(url));
  expect(samples[0]?.figures).toEqual({
    cpuCores: 0.5,
    memoryBytes: 2_048,
    networkReceiveBytesPerSecond: 1_500.5,
    diskWriteBytesPerSecond: 0,
  });
  expect(asked).toEqual([new URLSearchParams({ query: TRAFFIC_QUERY }).toString()]);
});

it.each([
  [503, {}],
  [200, { status: 'success', data: {} }],
])('a Prometheus that answers %i %j costs its own figures alone, and is told of', async (status, answer) => {
  const { url } = await playedPrometheus(status, answer);
  const { samples, errors } = await sampled(() => readTraffic(url));
  expect(samples[0]?.figures).toEqual({ cpuCores: 0.5, memoryBytes: 2_048 });
  expect(errors).toEqual(['sampler traffic']);
});

it('hours are made before days, and old rows go afterwards', async () => {
  const { store, first } = recordingStore();
  const retentionDays = { sample: 2, minute: 14, hour: 90, day: 730 };
  const rollup = createRollup({ store, retentionDays, onError: () => undefined }).start();
  closers.push(() => rollup.stop());
  expect((await first).calls).toEqual(['hour', 'day', 'drop']);
});
