/** The loop's own decisions, with a scripted reconciler: order, lost races, retries, refusals. Real parts: stories. */

import type { ActionOutcome } from '@compute/cluster';
import { type ConditionReport, Fault, type ImportProgress, type VmInstance } from '@compute/domain';
import type { ObserveCommand } from '@compute/store';
import { expect, test } from 'vitest';
import { noFaultPoints } from '../fault-points.ts';
import type { ProgressEntry } from '../import-progress/progress-flusher.ts';
import { ClusterPace } from './cluster-pace.ts';
import { type LoopPorts, reconcile } from './reconcile.ts';
import type { Loaded, PlanOf, Reconciler } from './reconciler.ts';
import { DEFAULT_RETRY } from './retry-policy.ts';

interface Action {
  readonly do: 'first' | 'second';
}
type VmPlan = PlanOf<'VMInstance', Action>;

const condition = (type: 'Ready' | 'SpecApplied', status: 'True' | 'False', reason: string) =>
  ({ type, status, reason, message: reason }) as const;

const keep: VmPlan = {
  outcome: 'keep',
  phase: 'Pending',
  reason: 'Creating',
  message: 'Being made.',
  conditions: [condition('Ready', 'False', 'Creating'), condition('SpecApplied', 'False', 'Applying')],
  details: { instanceType: { name: 'u1.small', series: 'U', vcpu: 1, memoryMib: 2_048 } },
  actions: [{ do: 'first' }, { do: 'second' }],
  requeueAfterMs: 5_000,
};

function row(overrides: Partial<VmInstance> = {}): VmInstance {
  return {
    kind: 'VMInstance',
    uid: 'vm-1',
    generation: 1,
    specVersion: 1,
    statusVersion: 1,
    phase: 'Pending',
    status: { conditions: [], observedGeneration: 0, instanceType: keep.details.instanceType },
    ...overrides,
  } as VmInstance;
}

/** A loop over one row, with a log of what was done in which order. */
function setUp(options: {
  rows?: (VmInstance | undefined)[];
  plan?: VmPlan;
  failures?: number;
  leftovers?: string[];
  staleTimes?: number;
  perform?: (action: Action) => ActionOutcome;
  /** How many plans it takes until the caches show what was done. */
  lag?: number;
  figures?: ImportProgress;
}) {
  const log: string[] = [];
  const observations: ObserveCommand<'VMInstance'>[] = [];
  const looks: { afterMs: number; attempts: number }[] = [];
  const figures: ProgressEntry[] = [];
  const rows = [...(options.rows ?? [row()])];
  let planned = 0;
  let lag = options.lag ?? 0;
  let staleTimes = options.staleTimes ?? 0;
  const compareAndSet = () => {
    if (staleTimes-- > 0) throw new Fault('Stale', 'moved');
  };
  const ports: LoopPorts = {
    retry: DEFAULT_RETRY,
    pace: new ClusterPace(1_000),
    points: noFaultPoints,
    rows: {
      observe: async (observation) => {
        compareAndSet();
        log.push('commit');
        observations.push(observation as unknown as ObserveCommand<'VMInstance'>);
      },
      remove: async () => void log.push('remove'),
      lookLater: async (_uid, afterMs, attempts) => {
        log.push('look later');
        looks.push({ afterMs, attempts });
      },
    },
    progress: { offer: (entry) => void figures.push(entry), forget: () => undefined },
  };
  const reconciler: Reconciler<'VMInstance', Loaded<'VMInstance'>, Action> = {
    kind: 'VMInstance',
    refusalCondition: 'SpecApplied',
    load: async () => {
      const desired = rows.length > 1 ? rows.shift() : rows[0];
      return desired && { desired, attempts: options.failures ?? 0 };
    },
    plan: () => {
      planned += 1;
      const plan = options.plan ?? keep;
      if (log.includes('second') && lag-- <= 0) return { ...plan, actions: [] };
      return plan;
    },
    leftovers: async () => options.leftovers ?? [],
    perform: async (action) => {
      log.push(action.do);
      return options.perform?.(action) ?? { result: 'done' };
    },
    ...(options.figures ? { progressOnly: () => options.figures } : {}),
  };
  return {
    log,
    plans: () => planned,
    observations,
    looks,
    figures,
    ports,
    run: () => reconcile(reconciler, { uid: 'vm-1' }, ports),
  };
}

const conditionOf = (
  observation: ObserveCommand<'VMInstance'> | undefined,
  type: string,
): ConditionReport | undefined => observation?.conditions.find((one) => one.type === type);

test('what was decided is committed before anything is done, and actions keep their order', async () => {
  const { log, run } = setUp({});
  expect(await run()).toBe('done');
  expect(log).toEqual(['commit', 'first', 'second']);
});

test('a look ends only when the caches show what was done, so that the next does not do it again', async () => {
  const { plans, run } = setUp({ lag: 3 });
  await run();
  expect(plans()).toBe(5);
});

test('a row that is gone is left alone', async () => {
  const { log, run } = setUp({ rows: [undefined] });
  expect(await run()).toBe('gone');
  expect(log).toEqual([]);
});

test('the loser of a race performs nothing and looks again at the newer row', async () => {
  const { log, run } = setUp({ staleTimes: 1 });
  expect(await run()).toBe('done');
  expect(log).toEqual(['commit', 'first', 'second']);
});

test('a row that keeps moving is left to those who move it', async () => {
  const { log, run } = setUp({ staleTimes: 100 });
  expect(await run()).toBe('stale');
  expect(log).toEqual([]);
});

test('a failed action ends the look, and the row is due again after a growing pause', async () => {
  const { log, looks, run } = setUp({
    failures: 3,
    perform: () => ({ result: 'retry', reason: 'Unreachable', message: 'no answer' }),
  });
  expect(await run()).toBe('retry');
  expect(log).toEqual(['commit', 'first', 'look later']);
  expect(looks[0]?.attempts).toBe(4);
  expect(looks[0]?.afterMs).toBeGreaterThanOrEqual(4_000);
});

test('the time that a server names is respected', async () => {
  const { looks, run } = setUp({
    perform: () => ({ result: 'retry', reason: 'ServiceUnavailable', message: 'x', retryAfterMs: 60_000 }),
  });
  await run();
  expect(looks[0]?.afterMs).toBe(60_000);
});

test('what admission refuses is shown on the row in its words, and asked again much later', async () => {
  const { log, observations, run } = setUp({
    perform: () => ({
      result: 'refused',
      reason: 'Invalid',
      message: 'admission webhook "v" denied the request: no such bus',
    }),
  });
  expect(await run()).toBe('refused');
  expect(log).toEqual(['commit', 'first', 'commit']);
  expect(conditionOf(observations[1], 'SpecApplied')).toEqual({
    type: 'SpecApplied',
    status: 'False',
    reason: 'RefusedByCluster',
    message: 'The cluster refuses the spec: no such bus',
  });
  expect(observations[1]?.nextLookAfterMs).toBeGreaterThanOrEqual(60_000);
});

test('a refusal is not written over a spec that the user changed meanwhile', async () => {
  const { log, run } = setUp({
    rows: [row(), row({ generation: 2 })],
    perform: () => ({ result: 'refused', reason: 'Invalid', message: 'no' }),
  });
  expect(await run()).toBe('refused');
  expect(log).toEqual(['commit', 'first']);
});

test('while the same spec stays refused the condition does not flap', async () => {
  const refused = {
    ...condition('SpecApplied', 'False', 'RefusedByCluster'),
    lastTransitionTime: '',
    observedGeneration: 1,
  };
  const status = { ...row().status, conditions: [refused] };
  const { observations, run } = setUp({ rows: [row({ status })] });
  await run();
  expect(conditionOf(observations[0], 'SpecApplied')?.reason).toBe('RefusedByCluster');
  const changed = setUp({ rows: [row({ status, generation: 2 })] });
  await changed.run();
  expect(conditionOf(changed.observations[0], 'SpecApplied')?.reason).toBe('Applying');
});

test('figures alone are offered for the next batch and cost no commit', async () => {
  const progress: ImportProgress = { phase: 'Downloading', percent: 7, attempts: 1 };
  const { log, figures, run } = setUp({ figures: progress });
  expect(await run()).toBe('progress');
  expect(figures).toEqual([{ uid: row().uid, import: progress, nextLookAfterMs: keep.requeueAfterMs }]);
  expect(log).toEqual([]);
});

test('a resource of which nothing is left is removed without a commit', async () => {
  const { log, run } = setUp({ plan: { ...keep, outcome: 'remove', actions: [] } });
  expect(await run()).toBe('removed');
  expect(log).toEqual(['remove']);
});

test('a row stays while the cluster itself still has something of it', async () => {
  const plan: VmPlan = { ...keep, outcome: 'remove', actions: [] };
  const { log, run } = setUp({ plan, leftovers: ['DataVolume/vm-disk-a'] });
  expect(await run()).toBe('retry');
  expect(log).toEqual(['look later']);
});

test('the loop passes a named point before and after each commit and each action', async () => {
  const reached: string[] = [];
  const { ports, run } = setUp({});
  Object.assign(ports, { points: { reached: (point: string) => void reached.push(point) } });
  await run();
  expect(reached).toEqual([
    'before:commit:VMInstance',
    'after:commit:VMInstance',
    'before:perform:VMInstance:first',
    'after:perform:VMInstance:first',
    'before:perform:VMInstance:second',
    'after:perform:VMInstance:second',
  ]);
});

test('a cluster that has too much to do is a condition of the row and a later look, not a failed attempt', async () => {
  const perform = (): ActionOutcome => ({
    ...{ result: 'retry', reason: 'TooManyRequests', message: 'slow down', retryAfterMs: 7_000 },
  });
  const { log, observations, looks, run } = setUp({ perform });
  expect(await run()).toBe('busy');
  expect(log).toEqual(['commit', 'first', 'commit']);
  const last = observations.at(-1);
  expect(conditionOf(last, 'SpecApplied')).toMatchObject({ status: 'False', reason: 'WaitingForCluster' });
  expect(last?.nextLookAfterMs).toBeGreaterThanOrEqual(6_900);
  expect(looks).toEqual([]);
  // Meanwhile nothing else is asked of the cluster, and the row is written once only.
  expect(await run()).toBe('busy');
  expect(log).toEqual(['commit', 'first', 'commit', 'commit']);
});
