import { describe, expect, it } from 'vitest';
import type { ObservedMachine, ObservedVirtualMachine, VmObserved } from './observed.ts';
import { planVm } from './plan.ts';
import type { VmInstance, VmInstanceSpec, VmPhase } from './vm-instance.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const STARTED = {
  instanceType: 'u1.medium',
  instanceProfile: 'ubuntu',
  resources: '',
  disks: ['system'],
  firmwareUuid: 'uuid',
  hasKeys: false,
  hasUserData: false,
};
const RENDERED = { virtualMachine: 'h-vm', startsWith: STARTED };

function vm(spec: Partial<VmInstanceSpec> = {}, change: Partial<VmInstance> = {}): VmInstance {
  return {
    kind: 'VMInstance',
    uid: 'v-1',
    project: 'demo',
    name: 'web',
    labels: {},
    annotations: {},
    generation: 1,
    specVersion: 1,
    statusVersion: 1,
    resourceVersion: '1',
    createdAt: NOW,
    spec: {
      external: false,
      externalMethod: 'PortList',
      externalPorts: [],
      instanceType: 'u1.medium',
      instanceProfile: 'ubuntu',
      disks: ['system'],
      sshKeys: [],
      cloudInit: '',
      cloudInitSeed: '',
      ...spec,
    },
    phase: 'Pending',
    phaseSince: NOW,
    status: {
      conditions: [],
      observedGeneration: 0,
      instanceType: { name: 'u1.medium', series: 'U', vcpu: 1, memoryMib: 4096 },
    },
    claim: {},
    ...change,
  };
}

const kubeVm = (change: Partial<ObservedVirtualMachine> = {}): ObservedVirtualMachine => ({
  uid: 'kv-1',
  manifestHash: 'h-vm',
  deleting: false,
  created: true,
  ready: false,
  startFailures: 0,
  ...change,
});
const machine = (phase: string, change: Partial<ObservedMachine> = {}): ObservedMachine => ({
  uid: 'm-1',
  phase,
  deleting: false,
  paused: false,
  migrating: false,
  agentConnected: false,
  ips: [],
  disks: [],
  ...change,
});
const seen = (change: Partial<VmObserved> = {}): VmObserved => ({
  at: NOW,
  namespaceExists: true,
  disks: [{ name: 'system', state: 'ready', optical: false }],
  ...change,
});
const phaseOf = (spec: Partial<VmInstanceSpec>, observed: Partial<VmObserved>, before: VmPhase = 'Pending'): string =>
  planVm({ desired: vm(spec, { phase: before }), rendered: RENDERED, observed: seen(observed) }).phase;

describe('a machine that is not in the cluster yet', () => {
  it.each([
    ['missing', 'DiskNotFound'],
    ['failed', 'DiskFailed'],
    ['pending', 'DiskNotReady'],
    ['deleting', 'DiskDeleting'],
    ['inUse', 'DiskInUse'],
  ] as const)('waits for a disk that is %s', (state, reason) => {
    const plan = planVm({
      desired: vm(),
      rendered: RENDERED,
      observed: seen({ disks: [{ name: 'system', state, optical: false }] }),
    });
    expect(plan).toMatchObject({ phase: 'Pending', reason, actions: [] });
    expect(plan.conditions).toContainEqual(expect.objectContaining({ type: 'DisksReady', status: 'False', reason }));
  });

  it('is made after its namespace, Secrets before the machine, the Service last', () => {
    const rendered = { ...RENDERED, virtualMachine: 'h', cloudInitSecret: 'h', sshKeysSecret: 'h', service: 'h' };
    const plan = planVm({ desired: vm({ external: true }), rendered, observed: seen({ namespaceExists: false }) });
    expect(plan.phase).toBe('Provisioning');
    expect(plan.actions.map((action) => action.do)).toEqual([
      'ensureNamespace',
      'applyCloudInitSecret',
      'applySshKeysSecret',
      'applyVirtualMachine',
      'applyService',
    ]);
  });
});

it('names the machine that still holds a disk', () => {
  const disks = [{ name: 'system', state: 'inUse', optical: false, heldBy: ['old'] }] as const;
  const plan = planVm({ desired: vm(), rendered: RENDERED, observed: seen({ disks }) });
  expect(plan.message).toBe("Disk 'system' is still held by old.");
});

describe('the phase of a machine', () => {
  it.each<[string, Partial<VmInstanceSpec>, Partial<VmObserved>, VmPhase, VmPhase]>([
    ['starts while there is no incarnation yet', {}, { virtualMachine: kubeVm() }, 'Provisioning', 'Starting'],
    [
      'starts while the launcher is scheduled',
      {},
      { virtualMachine: kubeVm(), machine: machine('Scheduling') },
      'Starting',
      'Starting',
    ],
    [
      'runs when its incarnation runs',
      {},
      { virtualMachine: kubeVm(), machine: machine('Running') },
      'Starting',
      'Running',
    ],
    [
      'is paused when KubeVirt says so',
      {},
      { virtualMachine: kubeVm(), machine: machine('Running', { paused: true }) },
      'Running',
      'Paused',
    ],
    [
      'stops when it should be off and still runs',
      { running: false },
      { virtualMachine: kubeVm(), machine: machine('Running') },
      'Running',
      'Stopping',
    ],
    [
      'is stopped when it should be off and is',
      { running: false },
      { virtualMachine: kubeVm() },
      'Stopping',
      'Stopped',
    ],
    [
      'starts again, and is not stopped, between two incarnations',
      {},
      { virtualMachine: kubeVm({ printableStatus: 'Stopped' }) },
      'Running',
      'Starting',
    ],
    [
      'stays stopped after the guest shut down, run strategy Once',
      { runStrategy: 'Once' },
      { virtualMachine: kubeVm(), machine: machine('Succeeded') },
      'Running',
      'Stopped',
    ],
    [
      'stays stopped while the cluster clears away what has ended, run strategy RerunOnFailure',
      { runStrategy: 'RerunOnFailure' },
      { virtualMachine: kubeVm(), machine: machine('Succeeded', { deleting: true }) },
      'Stopped',
      'Stopped',
    ],
    [
      'starts again while the cluster clears away what has failed, run strategy RerunOnFailure',
      { runStrategy: 'RerunOnFailure' },
      { virtualMachine: kubeVm(), machine: machine('Failed', { deleting: true }) },
      'Starting',
      'Starting',
    ],
    [
      'is stopped when its guest came and went before anybody looked',
      { runStrategy: 'RerunOnFailure' },
      { virtualMachine: kubeVm({ cameToRest: true }) },
      'Starting',
      'Stopped',
    ],
    [
      'starts while the cluster has not come to it, run strategy RerunOnFailure',
      { runStrategy: 'RerunOnFailure' },
      { virtualMachine: kubeVm({ cameToRest: false }) },
      'Provisioning',
      'Starting',
    ],
    [
      'starts again after the guest shut down, run strategy Always',
      {},
      { virtualMachine: kubeVm(), machine: machine('Succeeded') },
      'Running',
      'Starting',
    ],
    [
      'fails when it never comes to run',
      {},
      { virtualMachine: kubeVm({ startFailures: 2 }), machine: machine('Failed') },
      'Starting',
      'Failed',
    ],
    ['fails when its node is lost', {}, { virtualMachine: kubeVm(), machine: machine('Unknown') }, 'Running', 'Failed'],
  ])('%s', (_, spec, observed, before, expected) => {
    expect(phaseOf(spec, observed, before)).toBe(expected);
  });

  it('fails as unschedulable only after some patience, and recovers by itself', () => {
    const scheduled = { status: 'False', reason: 'Unschedulable', message: '0/3 nodes' } as const;
    const waiting = machine('Scheduling', { scheduled, phaseSince: NOW });
    const at = (ms: number) =>
      phaseOf({}, { at: new Date(NOW.getTime() + ms), virtualMachine: kubeVm(), machine: waiting }, 'Starting');
    expect(at(1_000)).toBe('Starting');
    expect(at(21_000)).toBe('Failed');
    expect(phaseOf({}, { virtualMachine: kubeVm(), machine: machine('Running') }, 'Failed')).toBe('Running');
  });

  it('is Ready when, and only while, it runs', () => {
    const ready = (observed: Partial<VmObserved>) =>
      planVm({ desired: vm(), rendered: RENDERED, observed: seen(observed) }).conditions.find((c) => c.type === 'Ready')
        ?.status;
    expect(ready({ virtualMachine: kubeVm(), machine: machine('Running') })).toBe('True');
    expect(ready({ virtualMachine: kubeVm(), machine: machine('Scheduled') })).toBe('False');
    expect(ready({ virtualMachine: kubeVm(), machine: machine('Running', { deleting: true }) })).toBe('False');
  });
});

describe('an edit', () => {
  it('of the run strategy by somebody in the cluster is taken back', () => {
    const observed = seen({ virtualMachine: kubeVm({ runStrategy: 'Halted' }) });
    expect(planVm({ desired: vm(), rendered: RENDERED, observed }).actions).toEqual([{ do: 'applyVirtualMachine' }]);
    const same = seen({ virtualMachine: kubeVm({ runStrategy: 'Always' }) });
    expect(planVm({ desired: vm(), rendered: RENDERED, observed: same }).actions).toEqual([]);
  });

  it('is not given to the cluster while a new disk is not ready', () => {
    const disks = [
      { name: 'system', state: 'ready', optical: false },
      { name: 'data', state: 'pending', optical: false },
    ] as const;
    const observed = seen({ disks, virtualMachine: kubeVm({ manifestHash: 'old' }), machine: machine('Running') });
    const plan = planVm({ desired: vm(), rendered: RENDERED, observed });
    expect(plan).toMatchObject({ phase: 'Running', actions: [] });
    expect(plan.conditions).toContainEqual(
      expect.objectContaining({ type: 'SpecApplied', status: 'False', reason: 'WaitingForDisks' }),
    );
  });

  it('stops the machine although a disk of the new spec is not ready', () => {
    const disks = [{ name: 'data', state: 'missing', optical: false }] as const;
    const observed = seen({ disks, virtualMachine: kubeVm({ manifestHash: 'old' }), machine: machine('Running') });
    const plan = planVm({ desired: vm({ running: false }), rendered: RENDERED, observed });
    expect(plan).toMatchObject({ phase: 'Stopping', actions: [{ do: 'applyVirtualMachine' }] });
    expect(plan.conditions).toContainEqual(expect.objectContaining({ type: 'SpecApplied', reason: 'Applying' }));
  });

  it('that starts a stopped machine says which disk it waits for', () => {
    const disks = [{ name: 'data', state: 'missing', optical: false }] as const;
    const observed = seen({ disks, virtualMachine: kubeVm({ manifestHash: 'old', runStrategy: 'Halted' }) });
    expect(planVm({ desired: vm({}, { phase: 'Stopped' }), rendered: RENDERED, observed })).toMatchObject({
      phase: 'Starting',
      reason: 'DiskNotFound',
      message: "Disk 'data' does not exist.",
      actions: [],
    });
  });

  it('takes back the Service and Secrets that nothing wants any more', () => {
    const observed = seen({
      virtualMachine: kubeVm(),
      service: { uid: 's', deleting: false },
      cloudInitSecret: { uid: 'c', deleting: false },
    });
    expect(planVm({ desired: vm(), rendered: RENDERED, observed }).actions).toEqual([
      { do: 'deleteService', uid: 's' },
      { do: 'deleteCloudInitSecret', uid: 'c' },
    ]);
  });
});

describe('a machine that is up and whose spec has changed', () => {
  const asked = { status: 'True', reason: '', message: 'a non-live-updatable field was changed' } as const;
  const up = (change: Partial<ObservedMachine> = {}) => machine('Running', { startedWith: STARTED, ...change });
  const planOf = (observed: Partial<VmObserved>, wanted = STARTED, before: Partial<VmInstance> = {}) =>
    planVm({ desired: vm({}, before), rendered: { ...RENDERED, startsWith: wanted }, observed: seen(observed) });
  const other = { ...STARTED, instanceType: 'u1.large' };

  it('names the fields that wait, and since when', () => {
    const { details } = planOf({ virtualMachine: kubeVm(), machine: up() }, other);
    expect(details.restartRequired).toEqual({ since: NOW.toISOString(), fields: ['/spec/instanceType'] });
    const earlier = { since: '2025-12-31T00:00:00.000Z', fields: [] };
    const status = { ...vm().status, restartRequired: earlier };
    const again = planOf({ virtualMachine: kubeVm(), machine: up() }, other, { status });
    expect(again.details.restartRequired).toEqual({ since: earlier.since, fields: ['/spec/instanceType'] });
  });

  it('waits for nothing when it is going, when it has ended, or when the guest has the size already', () => {
    for (const incarnation of [
      up({ deleting: true }),
      machine('Succeeded', { startedWith: STARTED }),
      up({ size: { vcpu: 1, memoryMib: 4096 } }),
    ])
      expect(planOf({ virtualMachine: kubeVm(), machine: incarnation }, other).details.restartRequired).toBeUndefined();
  });

  it('is told apart from one that only the platform would start anew', () => {
    const plan = planOf({ virtualMachine: kubeVm({ restartRequired: asked }), machine: up() });
    expect(plan.details.restartRequired).toBeUndefined();
    expect(plan.conditions).toContainEqual(
      expect.objectContaining({ type: 'SpecApplied', status: 'True', reason: 'PlatformUpdateWaits' }),
    );
  });

  it('says that something waits, but not what, when it was started by a version that did not record it', () => {
    const plan = planOf({ virtualMachine: kubeVm({ restartRequired: asked }), machine: machine('Running') });
    expect(plan.details.restartRequired).toEqual({ since: NOW.toISOString(), fields: [] });
  });

  it('is asked for the disks that come and go, once the cluster holds the manifest', () => {
    const plugs = [{ name: 'old', ready: true, leaving: false }];
    const running = up({ disks: ['system', 'old'], plugs });
    const named = { disks: ['system', 'new'], plugDisks: ['new'] };
    const held = planOf({ virtualMachine: kubeVm(named), machine: running });
    expect(held.actions).toEqual([
      { do: 'plugDisk', disk: 'new' },
      { do: 'unplugDisk', disk: 'old' },
    ]);
    const stale = planOf({ virtualMachine: kubeVm({ ...named, manifestHash: 'old' }), machine: running });
    expect(stale.actions).toEqual([{ do: 'applyVirtualMachine' }]);
  });

  it('is not asked again for a disk that is still leaving, and says so', () => {
    const leaving = up({ disks: ['system', 'new'], plugs: [{ name: 'new', ready: false, leaving: true }] });
    const plan = planOf({ virtualMachine: kubeVm({ disks: ['new'], plugDisks: ['new'] }), machine: leaving });
    expect(plan.actions).toEqual([]);
    expect(plan.conditions).toContainEqual(
      expect.objectContaining({ reason: 'PluggingDisks', message: "Disk 'new' is being detached." }),
    );
  });

  it('gets its new manifest without a disk that another machine has, but never without the one it boots from', () => {
    const held = { name: 'data', state: 'inUse', optical: false, heldBy: ['b'] } as const;
    const free = { name: 'system', state: 'ready', optical: false } as const;
    const observed = { virtualMachine: kubeVm({ manifestHash: 'old' }), machine: up() };
    expect(planOf({ ...observed, disks: [free, held] }).actions).toEqual([{ do: 'applyVirtualMachine' }]);
    expect(planOf({ ...observed, disks: [held, free] }).actions).toEqual([]);
    expect(planOf({ virtualMachine: kubeVm({ manifestHash: 'old' }), disks: [free, held] }).actions).toEqual([]);
  });
});

describe('deletion', () => {
  const deleting = vm({}, { deletionRequestedAt: NOW, phase: 'Deleting' });
  const plan = (observed: Partial<VmObserved>) =>
    planVm({ desired: deleting, rendered: RENDERED, observed: seen(observed) });
  const rest = { service: { uid: 's', deleting: false }, sshKeysSecret: { uid: 'k', deleting: false } };

  it('takes the machine first, then what it named, then the row', () => {
    expect(plan({ ...rest, virtualMachine: kubeVm() }).actions).toEqual([{ do: 'deleteVirtualMachine', uid: 'kv-1' }]);
    expect(plan({ ...rest, machine: machine('Running', { deleting: true }) }).actions).toEqual([]);
    expect(plan(rest).actions).toEqual([
      { do: 'deleteService', uid: 's' },
      { do: 'deleteSshKeysSecret', uid: 'k' },
    ]);
    expect(plan({}).outcome).toBe('remove');
  });

  it('ends a machine that was left behind without its VirtualMachine, and no other', () => {
    const left = machine('Running');
    expect(plan({ machine: left }).actions).toEqual([]);
    expect(plan({ machine: left, ownerless: true }).actions).toEqual([{ do: 'deleteMachine', uid: left.uid }]);
    expect(plan({ machine: machine('Running', { deleting: true }), ownerless: true }).actions).toEqual([]);
  });
});

it('every plan that keeps the row says when to look again', () => {
  const machines = [
    undefined,
    ...['', 'Pending', 'Scheduling', 'Running', 'Succeeded', 'Failed', 'Unknown'].map((phase) => machine(phase)),
  ];
  const strategies = ['Always', 'Halted', 'Manual', 'RerunOnFailure', 'Once'] as const;
  const plans = machines.flatMap((incarnation) =>
    strategies.flatMap((runStrategy) =>
      [undefined, kubeVm(), kubeVm({ deleting: true }), kubeVm({ manifestHash: 'old' })].map((virtualMachine) =>
        planVm({
          desired: vm({ runStrategy }),
          rendered: RENDERED,
          observed: seen({
            ...(virtualMachine ? { virtualMachine } : {}),
            ...(incarnation ? { machine: incarnation } : {}),
          }),
        }),
      ),
    ),
  );
  expect(plans).toHaveLength(8 * 5 * 4);
  expect(plans.filter((plan) => !(Number(plan.requeueAfterMs) > 0))).toEqual([]);
});
