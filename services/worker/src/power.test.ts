/** What is asked of a machine's power, carried out on the simulated cluster, also by workers that die on the way. */
import { randomUUID } from 'node:crypto';
import type { PowerRequest, VmInstance } from '@compute/domain';
import { resourceKind } from '@compute/kube-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FaultPoints, noFaultPoints } from './fault-points.ts';
import { SimulatedCluster } from './fixtures/simulated-cluster.ts';
import { WorkerStack } from './fixtures/worker-stack.ts';

const TIME_SCALE = 20;
const PATIENCE_MS = 60_000;
const STORY_MS = 120_000;
const machines = resourceKind({
  ...{ group: 'kubevirt.io', version: 'v1', kind: 'VirtualMachineInstance', plural: 'virtualmachineinstances' },
  namespaced: true,
});

let stack: WorkerStack<SimulatedCluster>;
/** What the worker stumbles over; each test sets its own. */
let points: FaultPoints = noFaultPoints;
/** Uids of all incarnations that ever were, by name. */
const incarnations = new Map<string, Set<string>>();
const watching = new AbortController();

beforeAll(async () => {
  stack = await WorkerStack.startOn(await SimulatedCluster.start({ timeScale: TIME_SCALE }));
  const { client } = stack.cluster.simulator;
  const { resourceVersion } = await client.list(machines);
  const seen = client.watch(
    machines,
    { resourceVersion },
    ({ object: { metadata } }) => {
      const uids = incarnations.get(metadata.name) ?? new Set();
      incarnations.set(metadata.name, uids.add(metadata.uid ?? ''));
    },
    watching.signal,
  );
  seen.catch(() => undefined);
  const through: FaultPoints = { reached: (point, subject) => points.reached(point, subject) };
  await stack.startWorker({ points: through, pace: { retry: { firstMs: 20, ceilingMs: 100 }, sweepEveryMs: 50 } });
}, STORY_MS);
afterAll(async () => {
  watching.abort(new Error('the story is over'));
  await stack.close();
});

const ALWAYS = { runStrategy: 'Always' } as const;
const HALTED = { runStrategy: 'Halted' } as const;

async function ask({ uid, project }: VmInstance, power: PowerRequest): Promise<string> {
  const row = await stack.store.getByUid(uid);
  if (row?.kind !== 'VMInstance') throw new Error('the machine is gone');
  const edit = power.do === 'stop' ? HALTED : power.do === 'start' ? ALWAYS : undefined;
  const outcome = await stack.store.want<'VMInstance'>({
    ...{ actor: { type: 'user', id: 'story' }, requestId: randomUUID(), target: { uid, project }, power },
    ...(edit === undefined ? {} : { spec: { ...row.spec, ...edit }, claim: row.claim }),
  });
  return outcome.operationId ?? '';
}

/** Waits for the end of the operation: `done`, or the code of its error. */
async function ended(operationId: string): Promise<string> {
  const operation = await stack.store.waitOperation(operationId, PATIENCE_MS);
  return operation?.doneAt === undefined ? 'open' : (operation.error?.code ?? 'done');
}

async function phaseOf({ uid }: VmInstance): Promise<string | undefined> {
  return (await stack.store.getByUid(uid))?.phase;
}

const uidsOf = (name: string): string[] => [...(incarnations.get(`vm-instance-${name}`) ?? [])];

async function runs(name: string, runStrategy: VmInstance['spec']['runStrategy'] = 'Always'): Promise<VmInstance> {
  return stack.untilPhase(await stack.wantVm(name, { runStrategy }), 'Running');
}

/** A guest that does not react to the power button. */
function stubborn(name: string): void {
  stack.cluster.simulator.controllers.guests.add({ name: `vm-instance-${name}`, ignoresShutdown: true });
}

async function clusterMsOf(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work;
  return (performance.now() - startedAt) * TIME_SCALE;
}

test(
  'a stop gives a guest that ignores it 30 s, or less where that is asked for, or none',
  async () => {
    const [patient, short, forced] = await Promise.all([runs('patient'), runs('short'), runs('forced')]);
    for (const name of ['patient', 'short', 'forced']) stubborn(name);
    const stop = async (vm: VmInstance, request: Partial<PowerRequest>) =>
      expect(await ended(await ask(vm, { do: 'stop', ...request } as PowerRequest))).toBe('done');
    const [patientMs, shortMs, forcedMs] = await Promise.all([
      clusterMsOf(stop(patient, {})),
      clusterMsOf(stop(short, { graceSeconds: 12 })),
      clusterMsOf(stop(forced, { graceSeconds: 0 })),
    ]);
    expect(await Promise.all([patient, short, forced].map(phaseOf))).toEqual(['Stopped', 'Stopped', 'Stopped']);
    expect(patientMs).toBeGreaterThan(30_000);
    expect(shortMs).toBeGreaterThan(12_000);
    expect(forcedMs).toBeLessThan(shortMs);
    expect(shortMs).toBeLessThan(patientMs);
  },
  STORY_MS,
);

test(
  'a restart is done when another incarnation runs, and not before',
  async () => {
    const vm = await runs('restarted');
    const [before] = uidsOf('restarted');
    expect(await ended(await ask(vm, { do: 'restart' }))).toBe('done');
    const [first, second, ...others] = uidsOf('restarted');
    expect([first, others]).toEqual([before, []]);
    expect(second).not.toBe(before);
    expect(await phaseOf(vm)).toBe('Running');
    const history = await stack.store.history({ project: stack.project, uid: vm.uid, limit: 100 });
    const phases = history.items.filter(({ type }) => type === 'Phase').map(({ to }) => to);
    expect(phases.toReversed().slice(-3)).toEqual(['Stopping', 'Starting', 'Running']);
  },
  STORY_MS,
);

test(
  'two restarts that are asked for together replace the machine once',
  async () => {
    const vm = await runs('joined');
    const operations = await Promise.all([ask(vm, { do: 'restart' }), ask(vm, { do: 'restart' })]);
    expect(await Promise.all(operations.map(ended))).toEqual(['done', 'done']);
    expect(uidsOf('joined')).toHaveLength(2);
  },
  STORY_MS,
);

test.each(['Manual', 'RerunOnFailure', 'Once'] as const)(
  'a machine that is run as %s is restarted too',
  async (how) => {
    const name = `as-${how.toLowerCase()}`;
    const vm = await stack.wantVm(name, { runStrategy: how === 'Manual' ? 'Always' : how });
    await stack.untilPhase(vm, 'Running');
    if (how === 'Manual') await stack.editVm(vm, { runStrategy: how });
    expect(await ended(await ask(vm, { do: 'restart', graceSeconds: 0 }))).toBe('done');
    expect(await phaseOf(vm)).toBe('Running');
    expect(uidsOf(name)).toHaveLength(2);
  },
  STORY_MS,
);

test(
  'a pause lasts until its end is asked for, also over an incarnation that comes instead',
  async () => {
    const vm = await runs('paused');
    expect(await ended(await ask(vm, { do: 'pause' }))).toBe('done');
    expect(await phaseOf(vm)).toBe('Paused');
    stack.cluster.simulator.controllers.guests.add({ name: 'vm-instance-paused', ends: 'Failed' });
    await stack.until(vm, (now) => now?.phase !== 'Paused');
    await stack.untilPhase(vm, 'Paused');
    expect(uidsOf('paused')).toHaveLength(2);
    expect(await ended(await ask(vm, { do: 'unpause' }))).toBe('done');
    expect(await phaseOf(vm)).toBe('Running');
    expect(uidsOf('paused')).toHaveLength(2);
  },
  STORY_MS,
);

test.each(['stop', 'restart', 'start'] as const)(
  'a %s drops the pause',
  async (verb) => {
    const vm = await runs(`${verb}-paused`);
    await ended(await ask(vm, { do: 'pause' }));
    expect(await ended(await ask(vm, { do: verb }))).toBe('done');
    if (verb === 'stop') expect(await ended(await ask(vm, { do: 'start' }))).toBe('done');
    expect(await phaseOf(vm)).toBe('Running');
    expect(uidsOf(`${verb}-paused`)).toHaveLength(verb === 'start' ? 1 : 2);
  },
  STORY_MS,
);

test(
  'a guest that has shut itself down is started again by a start, once',
  async () => {
    const vm = await runs('ended', 'Once');
    stack.cluster.simulator.controllers.guests.add({ name: 'vm-instance-ended', ends: 'Succeeded' });
    await stack.untilPhase(vm, 'Stopped');
    const target = { uid: vm.uid, project: vm.project };
    const request = { actor: { type: 'user', id: 'story' }, requestId: randomUUID(), target } as const;
    const { operationId } = await stack.store.want<'VMInstance'>({ ...request, power: { do: 'start' } });
    expect(await ended(operationId ?? '')).toBe('done');
    expect([await phaseOf(vm), uidsOf('ended').length]).toEqual(['Running', 2]);
  },
  STORY_MS,
);

test(
  'whatever step the worker dies at, every machine is restarted once, and stopped and paused all the same',
  async () => {
    const steps = ['commit', ...['deleteMachine', 'hurryMachine', 'pauseMachine', 'unpauseMachine'].map(performs)];
    const places = steps.flatMap((step) => ['before', 'after'].map((when) => ({ when, step })));
    const machinesOf = places.map(async ({ when, step }) => {
      const name = `dies-${when}-${step.replace(/.*:/, '').toLowerCase()}`;
      return { vm: await runs(name), name, point: `${when}:${step === 'commit' ? 'commit:VMInstance' : step}` };
    });
    const victims = await Promise.all(machinesOf);
    const left = new Map(victims.map(({ vm, point }) => [vm.uid, point]));
    points = {
      reached: (point, subject) => {
        if (subject === undefined || left.get(subject.uid) !== point) return;
        left.delete(subject.uid);
        throw new Error(`died ${point}`);
      },
    };
    const life = async ({ vm, name }: (typeof victims)[number]) => {
      const outcomes = [await ended(await ask(vm, { do: 'pause' })), await ended(await ask(vm, { do: 'unpause' }))];
      outcomes.push(await ended(await ask(vm, { do: 'restart', graceSeconds: 0 })));
      const count = uidsOf(name).length;
      outcomes.push(await ended(await ask(vm, { do: 'stop', graceSeconds: 0 })));
      return [name, ...outcomes, count, await phaseOf(vm)];
    };
    const lives = await Promise.all(victims.map(life));
    points = noFaultPoints;
    expect(lives).toEqual(victims.map(({ name }) => [name, 'done', 'done', 'done', 'done', 2, 'Stopped']));
    expect([...left.values()]).toEqual([]);
  },
  STORY_MS,
);

function performs(action: string): string {
  return `perform:VMInstance:${action}`;
}
