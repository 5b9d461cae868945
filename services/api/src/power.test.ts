/** Power through the three doors: the same requests are accepted, refused, repeated and tried alike. */
import { POWER_VERBS, type PowerVerb } from '@compute/domain';
import {
  PauseVmInstanceRequest,
  RestartVmInstanceRequest,
  StartVmInstanceRequest,
  StopVmInstanceRequest,
  UnpauseVmInstanceRequest,
  VmInstanceServiceClient,
} from '@compute/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { detailsOf, invoke } from './fixtures/grpc-clients.ts';
import { type KubeClient, kubeClient } from './fixtures/kube-client.ts';
import { type KubectlStage, openKubectlStage } from './fixtures/kubectl.ts';
import { insecure, PROJECT } from './fixtures/open-test-api.ts';
import { report } from './fixtures/worker-reports.ts';

let stage: KubectlStage;
let kube: KubeClient;
let vms: VmInstanceServiceClient;
beforeAll(async () => {
  stage = await openKubectlStage({});
  kube = kubeClient(stage.it.api.kubeUrl ?? '', stage.ca, stage.it.key);
  vms = new VmInstanceServiceClient(stage.it.api.grpcAddress, insecure());
}, 60_000);
afterAll(async () => {
  vms.close();
  await stage.close();
});

interface Options {
  readonly force?: boolean;
  readonly gracePeriodSeconds?: number;
}

interface Asked {
  readonly verb: PowerVerb;
  readonly name: string;
  readonly options?: Options;
  readonly dryRun?: boolean;
}

/** What came of it, in words that the doors share. */
type Answer = 'accepted' | 'unchanged' | 'WrongPowerState' | 'invalid' | 'NotFound';
type Door = (asked: Asked) => Promise<Answer>;

const rest: Door = async ({ verb, name, options, dryRun = false }) => {
  const path = `/v1/projects/${PROJECT}/vm-instances/${name}:${verb}${dryRun ? '?dryRun=true' : ''}`;
  const reply = await stage.it.send<{ code?: string }>('POST', path, options === undefined ? {} : { body: options });
  if (reply.status === 422 || reply.status === 400) return 'invalid';
  if (reply.status >= 400) return reply.body.code as Answer;
  return reply.status === 202 ? 'accepted' : 'unchanged';
};

const kubectl: Door = async ({ verb, name, options, dryRun = false }) => {
  const path = `namespaces/${PROJECT}/vminstances/${name}/${verb}${dryRun ? '?dryRun=All' : ''}`;
  const { status, body } = await kube.send('PUT', path, options);
  if (status === 422 || status === 400) return 'invalid';
  if (status === 404) return 'NotFound';
  if (status === 409) return 'WrongPowerState';
  expect(body).toMatchObject({ kind: 'VMInstance', metadata: { name } });
  return status === 202 ? 'accepted' : 'unchanged';
};

const grpc: Door = async ({ verb, name, options = {}, dryRun = false }) => {
  const fields = { project: PROJECT, name, validateOnly: dryRun, ...options };
  const calls = {
    start: () => invoke(vms, vms.startVmInstance, StartVmInstanceRequest.fromPartial(fields), stage.it.metadata()),
    stop: () => invoke(vms, vms.stopVmInstance, StopVmInstanceRequest.fromPartial(fields), stage.it.metadata()),
    restart: () =>
      invoke(vms, vms.restartVmInstance, RestartVmInstanceRequest.fromPartial(fields), stage.it.metadata()),
    pause: () => invoke(vms, vms.pauseVmInstance, PauseVmInstanceRequest.fromPartial(fields), stage.it.metadata()),
    unpause: () =>
      invoke(vms, vms.unpauseVmInstance, UnpauseVmInstanceRequest.fromPartial(fields), stage.it.metadata()),
  };
  const call = calls[verb]();
  const answer = await call.catch(() => undefined);
  if (answer !== undefined) return answer.metadata?.get('operation').length ? 'accepted' : 'unchanged';
  const { reason } = await detailsOf(call);
  const words: Record<string, Answer> = { WRONG_POWER_STATE: 'WrongPowerState', INVALID_ARGUMENT: 'invalid' };
  return words[reason] ?? 'NotFound';
};

const DOORS = { rest, grpc, kubectl } as const;

async function machine(name: string, phase: 'Running' | 'Stopped' | 'Pending', spec: object = {}): Promise<string> {
  const manifest = {
    ...{ apiVersion: 'apps.cozystack.io/v1alpha1', kind: 'VMInstance', metadata: { name } },
    spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu', ...spec },
  };
  expect((await stage.it.send('POST', `/v1/projects/${PROJECT}/vm-instances`, { body: manifest })).status).toBe(201);
  if (phase !== 'Pending') await report(stage.it.store, 'VMInstance', name, phase, phase === 'Running');
  return name;
}

describe.each(Object.entries(DOORS))('through %s', (title, ask) => {
  test('a machine that runs is paused, let go, restarted and stopped; asked again, nothing changes', async () => {
    const name = await machine(`${title}-runs`, 'Running');
    expect(await ask({ verb: 'start', name })).toBe('unchanged');
    expect(await ask({ verb: 'unpause', name })).toBe('unchanged');
    expect(await ask({ verb: 'pause', name })).toBe('accepted');
    expect(await ask({ verb: 'pause', name })).toBe('unchanged');
    expect(await ask({ verb: 'unpause', name })).toBe('accepted');
    expect(await ask({ verb: 'restart', name, options: { gracePeriodSeconds: 5 } })).toBe('accepted');
    const row = await stage.it.store.get('VMInstance', PROJECT, name);
    expect(row?.intent).toEqual({ renewed: { asked: 4, graceSeconds: 5 } });
    expect(await ask({ verb: 'stop', name })).toBe('accepted');
    expect(await ask({ verb: 'stop', name })).toBe('unchanged');
    expect(await ask({ verb: 'stop', name, options: { force: true } })).toBe('accepted');
    const stopped = await stage.it.store.get('VMInstance', PROJECT, name);
    expect(stopped?.intent).toEqual({ stopped: { asked: 6, graceSeconds: 0 } });
  });

  test('what the state of the machine does not allow is refused as that', async () => {
    const off = await machine(`${title}-off`, 'Stopped', { running: false });
    const young = await machine(`${title}-young`, 'Pending');
    expect(await ask({ verb: 'restart', name: off })).toBe('WrongPowerState');
    expect(await ask({ verb: 'pause', name: off })).toBe('WrongPowerState');
    expect(await ask({ verb: 'pause', name: young })).toBe('WrongPowerState');
  });

  test('options that make no sense are refused before anything is stored', async () => {
    const name = await machine(`${title}-options`, 'Running');
    for (const verb of ['stop', 'restart'] as const) {
      expect(await ask({ verb, name, options: { gracePeriodSeconds: 31 } })).toBe('invalid');
      expect(await ask({ verb, name, options: { gracePeriodSeconds: -1 } })).toBe('invalid');
      expect(await ask({ verb, name, options: { force: true, gracePeriodSeconds: 5 } })).toBe('invalid');
    }
    expect((await stage.it.store.get('VMInstance', PROJECT, name))?.generation).toBe(1);
  });

  test('a dry run judges and stores nothing', async () => {
    const name = await machine(`${title}-dry`, 'Running');
    const off = await machine(`${title}-dry-off`, 'Stopped', { running: false });
    for (const verb of POWER_VERBS) expect(await ask({ verb, name, dryRun: true })).toBe('unchanged');
    expect(await ask({ verb: 'restart', name: off, dryRun: true })).toBe('WrongPowerState');
    expect((await stage.it.store.get('VMInstance', PROJECT, name))?.generation).toBe(1);
  });

  test.each(POWER_VERBS)('%s of a machine that does not exist is not found', async (verb) => {
    expect(await ask({ verb, name: 'nobody' })).toBe('NotFound');
  });
});

test('REST refuses a body where there is nothing to say, names the field, and hands out an operation of the verb', async () => {
  const name = await machine('worded', 'Running');
  const path = `/v1/projects/${PROJECT}/vm-instances/${name}`;
  const unknown = await stage.it.send('POST', `${path}:pause`, { body: { force: true } });
  expect(unknown.body).toMatchObject({ code: 'UnknownField', errors: [{ pointer: '/force' }] });
  const long = await stage.it.send('POST', `${path}:stop`, { body: { gracePeriodSeconds: 300 } });
  expect(long.body).toMatchObject({
    errors: [{ pointer: '/gracePeriodSeconds', detail: 'At most 30.' }],
  });
  const refused = await stage.it.send('POST', `${path}:unpause`, { headers: { 'if-match': '"0"' } });
  expect(refused.status).toBe(412);
  const headers = { 'idempotency-key': 'restart-once' };
  const first = await stage.it.send('POST', `${path}:restart`, { headers });
  const again = await stage.it.send('POST', `${path}:restart`, { headers });
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(again.headers.get('link')).toBe(first.headers.get('link'));
  const [, link = ''] = /<(.*)>/.exec(first.headers.get('link') ?? '') ?? [];
  expect((await stage.it.send('GET', link)).body).toMatchObject({ verb: 'restart', done: false });
  const other = await stage.it.send('POST', `${path}:restart`, { headers, body: { force: true } });
  expect(other.body).toMatchObject({ code: 'IdempotencyMismatch' });
});

test('no face shows the wishes or their bookkeeping, and history names who asked', async () => {
  const name = await machine('discreet', 'Running');
  const path = `/v1/projects/${PROJECT}/vm-instances/${name}`;
  const { body, text } = await stage.it.send<{ spec: object }>('POST', `${path}:pause`);
  expect(text).not.toMatch(/intent|"power"|asked/);
  expect(body.spec).not.toHaveProperty('intent');
  const seen = await kube.send('GET', `namespaces/${PROJECT}/vminstances/${name}`);
  expect(JSON.stringify(seen.body)).not.toMatch(/"intent"|"power"|"asked"/);
  const history = await stage.it.send<{ items: object[] }>('GET', `/v1/projects/${PROJECT}/history?name=${name}`);
  expect(history.body.items[0]).toMatchObject({ type: 'Power', to: 'Pause', actor: expect.stringMatching(/^user:/) });
});
