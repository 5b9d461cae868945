/** One request is one trace through both services (request, transaction, look, action, call to Kubernetes), and one id in both logs. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readApiConfig, startApi } from '@compute/api';
import { createLogger, LIBRARY_EVENT, LOG_EVENTS, type Logger } from '@compute/runtime';
import { type Simulator, startSimulator } from '@compute/simulator';
import { openStore, type Store } from '@compute/store';
import { freshDatabase, testRedis } from '@compute/test-services';
import { readWorkerConfig, startWorker } from '@compute/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.ts';

const SERVER = 2;
const CLIENT = 3;
const CONSUMER = 5;
const SECRET = 'correct-horse-battery-staple';

let receiver: OtlpReceiver;
let simulator: Simulator;
let folder: string;
let store: Store;
let key: string;
let environment: Record<string, string>;
let lines: Record<string, unknown>[] = [];

/** Every line, down to what is written for looking into faults. */
function heard(service: string): Logger {
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  return createLogger({ service, level: 'debug', destination });
}

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  simulator = await startSimulator({ timeScale: 20 });
  folder = await mkdtemp(join(tmpdir(), 'traces-'));
  await writeFile(join(folder, 'kubeconfig'), simulator.kubeconfig);
  const [database, redis] = await Promise.all([freshDatabase(), testRedis()]);
  const secretsKey = randomBytes(32).toString('base64');
  environment = {
    ...{ DATABASE_URL: database.url, SECRETS_KEY: secretsKey, REDIS_URL: redis.url, QUEUE_PREFIX: redis.prefix },
    ...{ KUBECONFIG: join(folder, 'kubeconfig'), REST_PORT: '0', GRPC_PORT: '0', LOG_LEVEL: 'silent' },
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
  };
  store = await openStore({ databaseUrl: database.url, secretsKey, applicationName: 'traces', quotaDefaults: {} });
  await store.createProject('demo');
  key = (await store.createApiKey({ name: 'traces', scopes: ['read', 'write'], project: 'demo' })).token;
}, 60_000);

afterAll(async () => {
  await store.close();
  await simulator.close();
  await receiver.close();
  await rm(folder, { recursive: true });
});

/** Creates a disk with both services up, and ends them when it is there, so that everything is exported. */
async function createDisk(name: string, traceparent: string): Promise<string> {
  lines = [];
  const api = await startApi(readApiConfig(environment), { logger: heard('api') });
  const worker = await startWorker(readWorkerConfig(environment), { logger: heard('worker') });
  try {
    const response = await fetch(`${api.restUrl}/v1/projects/demo/vm-disks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', traceparent },
      body: JSON.stringify({
        apiVersion: 'apps.cozystack.io/v1alpha1',
        kind: 'VMDisk',
        metadata: { name, annotations: { note: SECRET } },
        spec: { source: {}, storage: '1Gi' },
      }),
    });
    expect(response.status).toBe(201);
    const requestId = response.headers.get('x-request-id') ?? '';
    await expect.poll(async () => (await store.get('VMDisk', 'demo', name))?.phase, { timeout: 60_000 }).toBe('Ready');
    return requestId;
  } finally {
    await Promise.all([api.close(), worker.close()]);
  }
}

it('a create is one trace of both services, each span below the one that caused it', async () => {
  const [traceId, caller] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  await createDisk('traced', `00-${traceId}-${caller}-01`);
  const spans = receiver.spans.filter((span) => span.traceId === traceId);
  const named = (name: string): ReceivedSpan => {
    const found = spans.find((span) => span.name === name);
    if (!found) throw new Error(`no span ${name} among ${spans.map((span) => span.name).join(', ')}`);
    return found;
  };
  const below = (parent: ReceivedSpan) => spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId);

  const request = named('POST /v1/projects/:project/vm-disks');
  expect([request.service, request.kind, request.parentSpanId]).toEqual(['compute-api', SERVER, caller]);
  const write = named('store create');
  expect([write.service, write.parentSpanId]).toEqual(['compute-api', request.spanId]);
  const look = spans.find((span) => span.name === 'reconcile VMDisk' && span.parentSpanId === write.spanId);
  expect([look?.service, look?.kind]).toEqual(['compute-worker', CONSUMER]);
  expect(below(look as ReceivedSpan).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['plan', 'store observe']),
  );
  const calls = spans.filter((span) => span.kind === CLIENT);
  expect(calls.length).toBeGreaterThan(0);
  for (const call of calls) {
    const action = spans.find(({ spanId }) => spanId === call.parentSpanId);
    expect(`${action?.service} ${action?.name}`).toMatch(/^compute-worker (action|reconcile)/);
  }
  expect(calls.map(({ name }) => name)).toContainEqual(expect.stringMatching(/datavolumes/));
}, 120_000);

it('what a caller does not want traced is not, and nothing of what it sent leaves with a span', async () => {
  const traceId = randomBytes(16).toString('hex');
  await createDisk('untraced', `00-${traceId}-${randomBytes(8).toString('hex')}-00`);
  expect(receiver.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  const sent = receiver.bodies.join('\n');
  expect(sent).toContain('compute-worker');
  for (const secret of [SECRET, key, environment.SECRETS_KEY ?? '', environment.DATABASE_URL ?? ''])
    expect(sent.includes(secret)).toBe(false);
}, 120_000);

it('a process without an endpoint makes no spans', async () => {
  const before = receiver.spans.length;
  const { OTEL_EXPORTER_OTLP_ENDPOINT: _endpoint, ...without } = environment;
  const api = await startApi(readApiConfig(without));
  const headers = { authorization: `Bearer ${key}` };
  expect((await fetch(`${api.restUrl}/v1/projects/demo/vm-disks`, { headers })).status).toBe(200);
  await api.close();
  expect(receiver.spans.length).toBe(before);
});

it('every line that a create causes in either service bears its request, operation, resource and trace', async () => {
  const traceId = randomBytes(16).toString('hex');
  const requestId = await createDisk('logged', `00-${traceId}-${randomBytes(8).toString('hex')}-01`);
  const ofTrace = lines.filter((line) => line.traceId === traceId);
  const uid = ofTrace.find(({ event }) => event === 'change.answered')?.uid;
  const operationId = ofTrace.find(({ event }) => event === 'change.answered')?.operationId;
  expect(uid).toBeDefined();
  expect(operationId).toBeDefined();
  const looks = ofTrace.filter(({ event }) => event === 'look.done');
  expect(looks.length).toBeGreaterThan(0);
  for (const line of ofTrace)
    expect(line).toMatchObject({ requestId, operationId, uid, kind: 'VMDisk', project: 'demo', name: 'logged' });
  // A look that the cluster caused has no trace, and still says whose wish it works on.
  const ofResource = lines.filter((line) => line.uid === uid && line.requestId !== undefined);
  expect(ofResource.length).toBeGreaterThan(ofTrace.length);
  for (const line of ofResource) expect(line).toMatchObject({ requestId, operationId });
});

it('every line is one JSON object with an event of the list', () => {
  const known = new Set<unknown>([...Object.keys(LOG_EVENTS), LIBRARY_EVENT]);
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) expect(known).toContain(line.event);
  expect(JSON.stringify(lines)).not.toContain(SECRET);
});
