import { type PerformanceRange, performanceRange } from '@compute/domain';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteFully, newVm, openTestStore, PROJECT, type TestStore } from '../fixtures/open-test-store.ts';

const MINUTE = 60_000;
let it: TestStore;
let uid: string;
/** The beginning of the hour before the last: every minute of it is over, whenever the tests run. */
const HOUR_START = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 2 * 3_600_000;
const minute = (index: number): Date => new Date(HOUR_START + index * MINUTE);
const sampleAt = (index: number, seconds: number, cpuCores: number) => ({
  uid,
  at: new Date(HOUR_START + index * MINUTE + seconds * 1_000),
  figures: { cpuCores, memoryBytes: 1_000 },
});
const range = (stepMs: number, minutes = 60): PerformanceRange =>
  performanceRange({ from: minute(0), to: minute(minutes), stepMs }, new Date());

beforeAll(async () => {
  it = await openTestStore();
  uid = (await it.store.create(newVm('measured'))).resource.uid;
});
afterAll(() => it.close());

test('samples become minutes, hours and days with their averages and maxima, and nothing where nothing was measured', async () => {
  const { performance } = it.store;
  const samples = [sampleAt(0, 10, 1), sampleAt(0, 40, 3), sampleAt(5, 0, 8)];
  expect(await performance.write(samples)).toBe(3);
  expect(await performance.roll('minute')).toBe(2);
  expect(await performance.roll('hour')).toBe(1);
  expect(await performance.roll('day')).toBeGreaterThan(0);
  expect(await performance.range(uid, range(MINUTE))).toEqual([
    {
      at: minute(0),
      figures: { cpuCores: { average: 2, maximum: 3 }, memoryBytes: { average: 1_000, maximum: 1_000 } },
    },
    {
      at: minute(5),
      figures: { cpuCores: { average: 8, maximum: 8 }, memoryBytes: { average: 1_000, maximum: 1_000 } },
    },
  ]);
  const ofHour = { cpuCores: { average: 4, maximum: 8 }, memoryBytes: { average: 1_000, maximum: 1_000 } };
  expect(await performance.range(uid, range(60 * MINUTE))).toEqual([{ at: minute(0), figures: ofHour }]);
  expect((await performance.range(uid, range(1_440 * MINUTE)))[0]?.figures).toEqual(ofHour);
});

test('writing and rolling up again changes nothing', async () => {
  const { performance } = it.store;
  const before = await performance.range(uid, range(5 * MINUTE));
  expect(await performance.write([sampleAt(0, 10, 99)])).toBe(0);
  await Promise.all([performance.roll('minute'), performance.roll('minute')]);
  expect(await performance.range(uid, range(5 * MINUTE))).toEqual(before);
  expect(before).toHaveLength(2);
});

test('a sample that comes minutes late still counts', async () => {
  const { performance } = it.store;
  await performance.write([sampleAt(9, 0, 1)]);
  await performance.roll('minute');
  await performance.write([sampleAt(6, 0, 7)]);
  await performance.roll('minute');
  const points = await performance.range(uid, range(MINUTE));
  expect(points.map(({ at, figures }) => [at, figures.cpuCores?.maximum])).toEqual([
    [minute(0), 3],
    [minute(5), 8],
    [minute(6), 7],
    [minute(9), 1],
  ]);
});

test('a machine that does not exist is not written, whatever a cluster says', async () => {
  const foreign = { ...sampleAt(0, 0, 1), uid: '019ac0de-0000-7000-8000-000000000000' };
  expect(await it.store.performance.write([foreign])).toBe(0);
});

test('the newest sample of each machine in a phase is known until it is old, and no longer than the machine', async () => {
  const { performance } = it.store;
  const { resource } = await it.store.create(newVm('fresh', {}, { labels: { app: 'web' } }));
  const at = new Date();
  await performance.write([
    { uid: resource.uid, at: new Date(at.getTime() - 30_000), figures: { cpuCores: 9 } },
    { uid: resource.uid, at, figures: { cpuCores: 0.5, diskReadBytesPerSecond: 0 } },
  ]);
  const query = { project: PROJECT, withinMs: 5 * MINUTE, phases: ['Pending'] } as const;
  const [found, ...others] = await performance.latest(query);
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    name: 'fresh',
    labels: { app: 'web' },
    at,
    figures: { cpuCores: 0.5, diskReadBytesPerSecond: 0 },
  });
  expect(found?.figures).not.toHaveProperty('memoryBytes');
  expect(await performance.latest({ ...query, phases: ['Running'] })).toEqual([]);
  expect(await performance.latest({ ...query, project: 'elsewhere' })).toEqual([]);
  await deleteFully(it.store, 'VMInstance', 'fresh');
  expect(await performance.latest(query)).toEqual([]);
});

test('each level is dropped at a time of its own', async () => {
  await it.sql(
    `select ensure_partition('performance_minute', 'performance_minute_2020_01_01', '2020-01-01Z', '2020-01-02Z')`,
  );
  await it.sql(`select ensure_partition('performance_hour', 'performance_hour_2020_01', '2020-01-01Z', '2020-02-01Z')`);
  const never = new Date(0);
  const before = { sample: never, minute: new Date('2020-01-02'), hour: new Date('2020-01-31'), day: never };
  expect(await it.store.performance.drop(before)).toBe(1);
  expect(await it.store.performance.drop({ ...before, hour: new Date('2020-02-01') })).toBe(1);
});
