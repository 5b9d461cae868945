import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withFileLock } from './file-lock.ts';
import {
  changeStackFile,
  readStackFile,
  type StackFile,
  withoutDeadServices,
  withoutService,
  withService,
  writeStackFile,
} from './stack-file.ts';
import { type StateFolder, stateFolder } from './state-folder.ts';

let path: string;
let folder: StateFolder;

const stack: StackFile = {
  rest: 'http://127.0.0.1:8080',
  grpc: '127.0.0.1:9090',
  docs: 'http://127.0.0.1:8080/docs',
  metrics: ['http://127.0.0.1:8080/metrics'],
  metricsOf: { [process.pid]: 'http://127.0.0.1:8080/metrics' },
  project: 'demo',
  apiKey: 'vmk_a',
  adminKey: 'vmk_b',
  cluster: { kubeconfig: 'cluster.kubeconfig', control: 'http://127.0.0.1:1' },
  images: 'http://127.0.0.1:2/',
  databaseUrl: 'postgresql://x',
  redisUrl: 'redis://x',
  logs: 'logs',
  pids: { api: [process.pid], worker: [], postgres: 1, redis: 2, cluster: 3 },
};

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'stack-file-'));
  folder = stateFolder({ DEV_DIR: path });
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

describe('stack.json', () => {
  it('reads back as written, for its owner alone because it holds keys', () => {
    expect(readStackFile(folder)).toBeUndefined();
    writeStackFile(folder, stack);
    expect(readStackFile(folder)).toEqual(stack);
    expect(statSync(folder.stackFile).mode & 0o777).toBe(0o600);
  });

  it('names an added service and its metrics, and forgets both', () => {
    const added = withService(stack, 'worker', 77, 'http://127.0.0.1:3/metrics');
    expect(added.pids.worker).toEqual([77]);
    expect(added.metrics).toHaveLength(2);
    expect(withoutService(added, 'worker', 77)).toEqual(stack);
  });

  it('loses services that have ended without saying so', () => {
    const dead = withService(stack, 'worker', 2 ** 22 + 1, 'http://127.0.0.1:3/metrics');
    expect(withoutDeadServices(dead)).toEqual(stack);
  });

  it('keeps every change when several are made at once', async () => {
    writeStackFile(folder, stack);
    const add = (pid: number) =>
      changeStackFile(folder, (now) => withService(now, 'worker', pid, `http://${pid}/metrics`));
    await Promise.all([1, 2, 3, 4, 5].map(add));
    expect([...(readStackFile(folder)?.pids.worker ?? [])].sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it('is not made by a change that comes after the stop', async () => {
    await changeStackFile(folder, (now) => ({ ...now, project: 'other' }));
    expect(readStackFile(folder)).toBeUndefined();
  });
});

describe('withFileLock', () => {
  it('takes over the lock of a process that is gone', async () => {
    const lock = join(path, 'lock');
    writeFileSync(lock, String(2 ** 22 + 1));
    expect(await withFileLock(lock, () => readFileSync(lock, 'utf8'))).toBe(String(process.pid));
  });
});
