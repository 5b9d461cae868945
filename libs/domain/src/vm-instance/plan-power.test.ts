import { describe, expect, it } from 'vitest';
import type { VmIntent, VmPower } from './intent.ts';
import type { ObservedMachine, ObservedVirtualMachine } from './observed.ts';
import { planVmDeletion } from './plan-deletion.ts';
import { vmPhase } from './plan-phase.ts';
import { failedWish, planPower, powerRefusal } from './plan-power.ts';
import type { VmPlanInput } from './plan-report.ts';
import type { RunStrategy, VmInstance, VmPhase } from './vm-instance.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const STARTS_WITH = {
  instanceType: 'u1.medium',
  instanceProfile: 'ubuntu',
  resources: '',
  disks: [],
  firmwareUuid: '',
  hasKeys: false,
  hasUserData: false,
};

interface Situation {
  readonly intent?: VmIntent;
  readonly power?: VmPower;
  readonly phase?: VmPhase;
  readonly strategy?: RunStrategy;
  readonly machine?: Partial<ObservedMachine> | undefined;
}

function input({ intent, power, phase = 'Running', strategy = 'Always', machine }: Situation): VmPlanInput {
  const desired: VmInstance = {
    ...{ kind: 'VMInstance', uid: 'v-1', project: 'demo', name: 'web', labels: {}, annotations: {}, claim: {} },
    ...{ generation: 2, specVersion: 2, statusVersion: 5, resourceVersion: '9', createdAt: NOW, phaseSince: NOW },
    spec: {
      ...{ external: false, externalMethod: 'PortList', externalPorts: [], instanceType: 'u1.medium' },
      ...{ instanceProfile: 'ubuntu', disks: [], sshKeys: [], cloudInit: '', cloudInitSeed: '' },
      runStrategy: strategy,
    },
    phase,
    status: {
      conditions: [],
      observedGeneration: 1,
      instanceType: { name: 'u1.medium', series: 'U', vcpu: 1, memoryMib: 4096 },
      ...(power ? { power } : {}),
    },
    ...(intent ? { intent } : {}),
  };
  const virtualMachine: ObservedVirtualMachine = {
    ...{ uid: 'kv-1', manifestHash: 'h', deleting: false, created: true, ready: true, startFailures: 0 },
  };
  const present: ObservedMachine | undefined = machine && {
    ...{ uid: 'm-1', phase: 'Running', deleting: false, paused: false, migrating: false, agentConnected: false },
    ...{ ips: [], disks: [] },
    ...machine,
  };
  return {
    desired,
    rendered: { virtualMachine: 'h', startsWith: STARTS_WITH },
    observed: {
      ...{ at: NOW, namespaceExists: true, disks: [], virtualMachine },
      ...(present ? { machine: present } : {}),
    },
  };
}

function step(situation: Situation) {
  const given = input(situation);
  const { verdict, details, actions, isPending } = planPower(given, vmPhase(given));
  return { phase: verdict.phase, reason: verdict.reason, actions, isPending, power: details.power };
}

const RESTART: VmIntent = { renewed: { asked: 2, graceSeconds: 30 } };
const KILL: VmIntent = { renewed: { asked: 2, graceSeconds: 0 } };
const anchored = (more: object = {}): VmPower => ({
  pending: true,
  renewal: { asked: 2, replaces: 'm-1', over: false, ...more },
});

describe('a restart', () => {
  it('is anchored on the incarnation that runs, before it is ended', () => {
    expect(step({ intent: RESTART, machine: {} })).toEqual({
      ...{ phase: 'Stopping', reason: 'Restarting', isPending: true },
      actions: [{ do: 'deleteMachine', uid: 'm-1' }],
      power: anchored(),
    });
  });

  it('is decided the same again after a crash between commit and deed', () => {
    const first = step({ intent: RESTART, machine: {} });
    expect(step({ intent: RESTART, machine: {}, power: anchored(), phase: 'Stopping' })).toEqual(first);
  });

  it('waits while the old incarnation goes, and does not end the new one', () => {
    const going = { intent: RESTART, power: anchored(), phase: 'Stopping' as const };
    expect(step({ ...going, machine: { deleting: true } })).toMatchObject({ phase: 'Stopping', actions: [] });
    expect(step({ ...going, machine: undefined })).toMatchObject({ phase: 'Starting', actions: [], isPending: true });
    expect(step({ ...going, machine: { uid: 'm-2', phase: 'Scheduling' } })).toMatchObject({
      ...{ phase: 'Starting', actions: [], isPending: true },
      power: anchored({ by: 'm-2' }),
    });
  });

  it('is over when another incarnation runs, and stays so', () => {
    const over = { renewal: { asked: 2, replaces: 'm-1', by: 'm-2', over: true } };
    const done = { phase: 'Running', actions: [], isPending: false, power: over };
    expect(step({ intent: RESTART, power: anchored(), machine: { uid: 'm-2' } })).toMatchObject(done);
    expect(step({ intent: RESTART, power: over, machine: { uid: 'm-3' } })).toMatchObject(done);
  });

  it('that is forced hurries the old incarnation until it has ended, by its uid', () => {
    const hurry = { do: 'hurryMachine', uid: 'm-1', graceSeconds: 0 };
    expect(step({ intent: KILL, machine: {} }).actions).toEqual([{ do: 'deleteMachine', uid: 'm-1' }, hurry]);
    expect(step({ intent: KILL, power: anchored(), machine: { deleting: true } }).actions).toEqual([hurry]);
    expect(step({ intent: KILL, power: anchored(), machine: { uid: 'm-2' } }).actions).toEqual([]);
    const ended = { deleting: true, phase: 'Succeeded' };
    expect(step({ intent: KILL, power: anchored(), machine: ended }).actions).toEqual([]);
  });

  it.each<[RunStrategy, string[]]>([
    ['Always', []],
    ['Once', []],
    ['Manual', ['startMachine']],
    ['RerunOnFailure', ['startMachine']],
  ])('of a machine that is run as %s starts the next one where none comes by itself', (strategy, wanted) => {
    const gone = step({ intent: RESTART, power: anchored(), strategy, phase: 'Stopping' });
    expect(gone.actions.map((action) => action.do)).toEqual(wanted);
    expect(gone.phase).toBe('Starting');
  });

  it('starts a machine that may end for good once and not again and again', () => {
    const ended = step({ intent: RESTART, power: anchored({ by: 'm-2' }), strategy: 'RerunOnFailure' });
    expect(ended).toMatchObject({ phase: 'Stopped', actions: [], isPending: false });
  });

  it('of a guest that has ended for good replaces what is left of it', () => {
    const ended = { intent: RESTART, strategy: 'Once' as const, phase: 'Stopped' as const };
    expect(step({ ...ended, machine: { phase: 'Succeeded' } })).toMatchObject({
      ...{ phase: 'Starting', actions: [{ do: 'deleteMachine', uid: 'm-1' }] },
    });
  });
});

describe('a pause', () => {
  const PAUSE: VmIntent = { paused: { asked: 2 } };
  it.each<[string, Situation['machine'], string[], boolean]>([
    ['pauses a machine that runs', {}, ['pauseMachine'], true],
    ['is fulfilled by a machine that is paused', { paused: true }, [], false],
    ['waits for a machine that starts', { phase: 'Scheduling' }, [], true],
    ['waits for a machine that moves', { migrating: true }, [], true],
    ['leaves a machine alone that goes', { deleting: true }, [], true],
  ])('%s', (_what, machine, wanted, isPending) => {
    const { actions, isPending: pending } = step({ intent: PAUSE, machine });
    expect([actions.map((action) => action.do), pending]).toEqual([wanted, isPending]);
  });

  it('is applied again to an incarnation that comes instead of a paused one', () => {
    expect(step({ intent: PAUSE, phase: 'Paused', machine: { uid: 'm-2' } }).actions).toEqual([
      { do: 'pauseMachine', uid: 'm-2' },
    ]);
  });

  it('fails when the guest ends for good before', () => {
    const missed = step({ intent: PAUSE, strategy: 'Once', machine: { phase: 'Succeeded' } });
    expect(missed).toMatchObject({ phase: 'Stopped', isPending: false, power: { refused: { code: 'NotRunning' } } });
  });

  it('that the cluster refuses is not tried again, and its operation fails', () => {
    const given = input({ intent: PAUSE, machine: {} });
    const refused = powerRefusal(given.desired, { do: 'pauseMachine', uid: 'm-1' }, 'not now');
    expect(refused).toMatchObject({ asked: 2, code: 'PowerRefused' });
    const power = { ...(refused ? { refused } : {}) };
    expect(step({ intent: PAUSE, power, machine: {} })).toMatchObject({ actions: [], isPending: false, power });
    expect(failedWish(input({ intent: PAUSE, power, machine: {} }).desired)).toEqual(refused);
    expect(step({ intent: { paused: { asked: 3 } }, power, machine: {} }).actions).toHaveLength(1);
  });

  it('waits for a restart that was asked for before it', () => {
    const both = { ...RESTART, ...PAUSE };
    expect(step({ intent: both, machine: {} }).actions).toEqual([{ do: 'deleteMachine', uid: 'm-1' }]);
    expect(step({ intent: both, power: anchored(), machine: { uid: 'm-2' } }).actions).toEqual([
      { do: 'pauseMachine', uid: 'm-2' },
    ]);
  });
});

describe('the end of a pause', () => {
  const RESUME: VmIntent = { resumed: { asked: 2 } };

  it('happens when it is seen, not when the incarnation began to run', () => {
    const phaseSince = new Date('2026-01-01T10:00:00Z');
    const at = (phase: VmPhase) => {
      const given = input({ intent: RESUME, phase, machine: { phaseSince } });
      return planPower(given, vmPhase(given)).verdict.happenedAt;
    };
    expect([at('Paused'), at('Starting')]).toEqual([undefined, phaseSince]);
  });

  it('is pending until the guest runs on, and then over for good', () => {
    expect(step({ intent: RESUME, machine: { paused: true } })).toMatchObject({
      ...{ phase: 'Paused', isPending: true, actions: [{ do: 'unpauseMachine', uid: 'm-1' }] },
    });
    expect(step({ intent: RESUME, machine: {} })).toMatchObject({ isPending: false, power: { resumed: 2 } });
    const later = step({ intent: RESUME, power: { resumed: 2 }, machine: { paused: true } });
    expect(later).toMatchObject({ phase: 'Paused', isPending: false, actions: [] });
  });
});

describe('a stop', () => {
  const off = { strategy: 'Halted' as const };

  it('lets a paused guest go, so that it can shut itself down', () => {
    expect(step({ ...off, machine: { paused: true } }).actions).toEqual([{ do: 'unpauseMachine', uid: 'm-1' }]);
  });

  it.each([0, 5])('with %d s hurries the guest until it is gone', (graceSeconds) => {
    const stopped = { ...off, intent: { stopped: { asked: 2, graceSeconds } } };
    expect(step({ ...stopped, machine: { deleting: true } }).actions).toEqual([
      { do: 'hurryMachine', uid: 'm-1', graceSeconds },
    ]);
    expect(step({ ...stopped, machine: undefined })).toMatchObject({ phase: 'Stopped', actions: [], isPending: false });
  });

  it('with the usual time has nothing to add', () => {
    expect(step({ ...off, machine: {} })).toMatchObject({ phase: 'Stopping', actions: [], isPending: false });
  });
});

describe('a deletion', () => {
  it('lets a paused guest go, so that it can shut itself down', () => {
    const { desired, observed } = input({ machine: { paused: true } });
    const planned = (virtualMachine: VmPlanInput['observed']['virtualMachine']) =>
      planVmDeletion(desired, { ...observed, ...(virtualMachine ? { virtualMachine } : {}) }, desired.status).actions;
    const letGo = { do: 'unpauseMachine', uid: 'm-1' };
    expect(planned(observed.virtualMachine)).toEqual([{ do: 'deleteVirtualMachine', uid: 'kv-1' }, letGo]);
    const going = observed.virtualMachine && { ...observed.virtualMachine, deleting: true };
    expect(planned(going)).toEqual([letGo]);
  });
});

it('nothing is asked of a machine without wishes', () => {
  expect(step({ machine: { paused: true } })).toMatchObject({ phase: 'Paused', actions: [], isPending: false });
  expect(step({ machine: {} }).power).toBeUndefined();
});
