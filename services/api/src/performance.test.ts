/** What machines used, on REST and gRPC, and as `kubectl top pod` tells it. */
import { GetVmInstanceMetricsRequest, PerformanceServiceClient } from '@compute/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detailsOf, invoke } from './fixtures/grpc-clients.ts';
import { type KubectlStage, kubectlPrograms, missingKubectl, openKubectlStage } from './fixtures/kubectl.ts';
import { insecure, openTestApi, PROJECT, type TestApi } from './fixtures/open-test-api.ts';
import { report } from './fixtures/worker-reports.ts';

const MINUTE = 60_000;
const GIB = 2 ** 30;

async function newMachine(test: TestApi, name: string, labels = {}): Promise<string> {
  const spec = { instanceType: 'u1.medium', instanceProfile: 'ubuntu' };
  const body = { apiVersion: 'apps.cozystack.io/v1alpha1', kind: 'VMInstance', metadata: { name, labels }, spec };
  const reply = await test.send<{ metadata: { uid: string } }>('POST', `/v1/projects/${PROJECT}/vm-instances`, {
    body,
  });
  expect(reply.status, reply.text).toBe(201);
  return reply.body.metadata.uid;
}

async function running(test: TestApi, name: string): Promise<void> {
  for (const phase of ['Provisioning', 'Starting', 'Running'] as const)
    await report(test.store, 'VMInstance', name, phase, phase === 'Running');
}

/** Three minutes, of which the middle one was not measured. */
const start = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
const at = (minute: number): string => new Date(start + minute * MINUTE).toISOString();

interface Metrics {
  readonly stepSeconds: number;
  readonly points: readonly {
    readonly at: string;
    readonly cpuCores: object | null;
    readonly diskReadBytesPerSecond: object | null;
  }[];
}

describe('a range of performance', () => {
  let test: TestApi;
  const ask = (query: string, name = 'measured') =>
    test.send<Metrics>('GET', `/v1/projects/${PROJECT}/vm-instances/${name}/metrics?${query}`);

  beforeAll(async () => {
    test = await openTestApi();
    const uid = await newMachine(test, 'measured');
    const sample = (minute: number, cpuCores: number) => ({
      uid,
      at: new Date(start + minute * MINUTE + 20_000),
      figures: { cpuCores, memoryBytes: GIB },
    });
    await test.store.performance.write([sample(0, 1), sample(2, 3)]);
    await test.store.performance.roll('minute');
  });
  afterAll(() => test.close());

  it('has a point for each step, null where nothing was measured', async () => {
    const { status, body } = await ask(`from=${at(0)}&to=${at(3)}&step=1m`);
    expect(status).toBe(200);
    const unknown = {
      networkReceiveBytesPerSecond: null,
      networkTransmitBytesPerSecond: null,
      diskReadBytesPerSecond: null,
      diskWriteBytesPerSecond: null,
    };
    const memoryBytes = { average: GIB, maximum: GIB };
    expect(body.points).toEqual([
      { at: at(0), cpuCores: { average: 1, maximum: 1 }, memoryBytes, ...unknown },
      { at: at(1), cpuCores: null, memoryBytes: null, ...unknown },
      { at: at(2), cpuCores: { average: 3, maximum: 3 }, memoryBytes, ...unknown },
    ]);
  });

  it('covers the last hour by the minute when nothing is asked for', async () => {
    const { body } = await ask('');
    expect(body.stepSeconds).toBe(60);
    expect([60, 61]).toContain(body.points.length);
    expect(body.points.filter(({ cpuCores }) => cpuCores !== null).map((point) => point.at)).toEqual([at(0), at(2)]);
  });

  it.each([
    ['step=90s', 'a whole number of minutes'],
    ['step=soon', 'A length of time'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'From must be before to'],
    ['from=2025-01-01T00:00:00Z&step=1m', 'more than 1500 points'],
  ])('refuses %s', async (query, words) => {
    const { status, text } = await ask(query);
    expect([400, 422]).toContain(status);
    expect(text).toContain(words);
  });

  it('of a machine that is not there is not found', async () => {
    expect((await ask('', 'nobody')).status).toBe(404);
  });

  it('says the same over gRPC', async () => {
    const client = new PerformanceServiceClient(test.api.grpcAddress, insecure());
    const call = (request: object) => {
      const message = GetVmInstanceMetricsRequest.fromPartial({ project: PROJECT, name: 'measured', ...request });
      return invoke(client, client.getVmInstanceMetrics, message, test.metadata());
    };
    const { reply } = await call({ from: new Date(at(0)), to: new Date(at(3)), stepSeconds: 60 });
    expect(reply.points.map((point) => point.cpuCores)).toEqual([
      { average: 1, maximum: 1 },
      undefined,
      { average: 3, maximum: 3 },
    ]);
    expect(reply.points[0]?.diskReadBytesPerSecond).toBeUndefined();
    expect((await detailsOf(call({ stepSeconds: 90 }))).reason).toBe('INVALID_ARGUMENT');
    client.close();
  });
});

if (missingKubectl === undefined) describe.each(kubectlPrograms())('top of %s', topOf);
else {
  it('kubectl is not here, so nothing is known about its top', () => {
    process.stdout.write(`The stories of kubectl top did not run: ${missingKubectl}\n`);
    expect(missingKubectl).toContain('kubectl');
  });
}

function topOf(program: string): void {
  let stage: KubectlStage;
  const rows = (output: string): string[][] => output.split('\n').map((line) => line.trim().split(/\s+/));

  beforeAll(async () => {
    stage = await openKubectlStage({}, program);
  }, 60_000);
  afterAll(() => stage.close());

  it('says that there is nothing, of a project without machines', async () => {
    const { code, errors } = await stage.kubectl(['top', 'pod']);
    expect([code, errors.trim()]).toEqual([0, `No resources found in ${PROJECT} namespace.`]);
  });

  it('lists the machines that are on with their use, and one by its name', async () => {
    const test = stage.it;
    const now = new Date();
    const uids = await Promise.all([
      newMachine(test, 'web', { app: 'web' }),
      newMachine(test, 'db'),
      newMachine(test, 'off'),
    ]);
    await Promise.all([running(test, 'web'), running(test, 'db')]);
    const use = [
      { cpuCores: 0.25, memoryBytes: GIB },
      { cpuCores: 1.5, memoryBytes: 4 * GIB },
      { cpuCores: 9, memoryBytes: 9 * GIB },
    ];
    await test.store.performance.write(uids.map((uid, index) => ({ uid, at: now, figures: use[index] ?? {} })));
    const [head, ...machines] = rows(await stage.run(['top', 'pod']));
    expect(head?.slice(0, 2)).toEqual(['NAME', 'CPU(cores)']);
    expect(machines).toEqual([
      ['db', '1500m', '4096Mi'],
      ['web', '250m', '1024Mi'],
    ]);
    expect(rows(await stage.run(['top', 'pod', 'web', '--no-headers']))).toEqual([['web', '250m', '1024Mi']]);
    expect(rows(await stage.run(['top', 'pod', '-l', 'app=web', '--no-headers']))).toEqual([['web', '250m', '1024Mi']]);
    expect(rows(await stage.run(['top', 'pod', '-A', '--no-headers']))).toContainEqual([
      PROJECT,
      'db',
      '1500m',
      '4096Mi',
    ]);
  });

  it('does not know a machine that is off', async () => {
    const { code, errors } = await stage.kubectl(['top', 'pod', 'off']);
    expect(code).toBe(1);
    expect(errors).toContain('pods.metrics.k8s.io "off" not found');
  });

  it('finds nothing with the key of another project', async () => {
    await stage.it.store.createProject('elsewhere');
    const key = await stage.it.newKey(['read'], 'elsewhere');
    const { code, errors } = await stage.kubectl(['top', 'pod'], { key });
    expect(code).toBe(1);
    expect(errors).toContain('NotFound');
  });
}
