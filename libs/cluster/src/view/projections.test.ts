import { describe, expect, it } from 'vitest';
import { DISK_UID, VM_UID } from '../fixtures/rows.ts';
import type {
  DataVolume,
  PersistentVolumeClaim,
  Service,
  VirtualMachine,
  VirtualMachineInstance,
  WireCondition,
} from '../kinds.ts';
import {
  percentOf,
  projectClaim,
  projectDataVolume,
  projectMachine,
  projectNamespace,
  projectService,
  projectVirtualMachine,
  readableSize,
} from './projections.ts';

const labels = (kind: string, uid: string) => ({
  'compute.cozystack.io/kind': kind,
  'compute.cozystack.io/uid': uid,
  'compute.cozystack.io/name': 'web',
});

function dataVolume(status: DataVolume['status'], metadata: Partial<DataVolume['metadata']> = {}): DataVolume {
  return {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'DataVolume',
    metadata: { name: 'vm-disk-d', namespace: 'n', uid: 'dv', labels: labels('VMDisk', DISK_UID), ...metadata },
    spec: { source: { blank: {} }, storage: { resources: { requests: { storage: '1Gi' } } } },
    ...(status === undefined ? {} : { status }),
  };
}

function machine(
  status: VirtualMachineInstance['status'],
  spec: VirtualMachineInstance['spec'] = {},
): VirtualMachineInstance {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name: 'vm-instance-web', namespace: 'n', uid: 'vmi', labels: labels('VMInstance', VM_UID) },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}

function virtualMachine(status?: VirtualMachine['status']): VirtualMachine {
  const spec = { domain: { firmware: { uuid: 'u' }, devices: { interfaces: [] } }, networks: [] };
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: 'vm-instance-web', namespace: 'n', uid: 'vm', labels: labels('VMInstance', VM_UID) },
    spec: { runStrategy: 'Always', template: { metadata: {}, spec: { ...spec, terminationGracePeriodSeconds: 30 } } },
    ...(status === undefined ? {} : { status }),
  };
}

const http404 =
  'Unable to process data: Unable to connect to http data source: expected status code 200, got 404. Status: 404 Not Found';

describe('what is kept of a DataVolume', () => {
  it.each<[string, DataVolume['status'], object]>([
    ['is nothing but its existence at first (D1, 0.01)', undefined, { phase: '', restartCount: 0 }],
    [
      'has no percentage while CDI says N/A (D1, 2.65)',
      { phase: 'ImportScheduled', progress: 'N/A' },
      { phase: 'ImportScheduled', percent: undefined },
    ],
    [
      'has the percentage as a number (D1, 11.74)',
      { phase: 'ImportInProgress', progress: '13.37%' },
      { phase: 'ImportInProgress', percent: 13.37 },
    ],
    [
      'has the error of a crash loop and its restarts (D4, 8.24)',
      {
        phase: 'ImportInProgress',
        progress: 'N/A',
        restartCount: 1,
        conditions: [{ type: 'Running', status: 'False', reason: 'Error', message: http404 }],
      },
      { restartCount: 1, running: { status: 'False', reason: 'Error', message: http404 } },
    ],
    [
      'may be Succeeded and not bound (D1, 22.71)',
      {
        phase: 'Succeeded',
        progress: '100.0%',
        conditions: [
          { type: 'Bound', status: 'False', reason: 'Pending', message: 'target PVC d Pending' },
          { type: 'Ready', status: 'True' },
        ],
      },
      {
        percent: 100,
        bound: { status: 'False', reason: 'Pending', message: 'target PVC d Pending' },
        ready: { status: 'True', reason: '', message: '' },
      },
    ],
  ])('%s', (_title, status, expected) => {
    const projected = projectDataVolume(dataVolume(status));
    expect(projected.row).toEqual({ kind: 'VMDisk', uid: DISK_UID });
    expect(projected.observed).toMatchObject({ uid: 'dv', deleting: false, ...expected });
  });

  it('does not change with a heartbeat, an annotation of CDI or a new resource version', () => {
    const condition = { type: 'Bound', status: 'False', reason: 'Pending', message: 'm' };
    const at = (time: string, metadata: Partial<DataVolume['metadata']>) =>
      projectDataVolume(
        dataVolume({ conditions: [{ ...condition, lastHeartbeatTime: time } as WireCondition] }, metadata),
      );
    expect(at('1', { resourceVersion: '1' })).toEqual(
      at('2', { resourceVersion: '2', annotations: { 'cdi.kubevirt.io/storage.condition.bound': 'false' } }),
    );
  });

  it('has no row when somebody else made it', () => {
    expect(projectDataVolume(dataVolume({}, { labels: {} })).row).toBeUndefined();
  });

  it('shows that it is being deleted, and the hash that was applied', () => {
    const metadata = {
      deletionTimestamp: '2026-11-22T12:00:00Z',
      annotations: { 'compute.cozystack.io/manifest-hash': 'h' },
    };
    expect(projectDataVolume(dataVolume({}, metadata)).observed).toMatchObject({ deleting: true, manifestHash: 'h' });
  });
});

describe('a percentage of CDI', () => {
  it.each([
    ['N/A', undefined],
    [undefined, undefined],
    ['', undefined],
    ['0.00%', 0],
    ['99.90%', 99.9],
    ['100.0%', 100],
  ])('%j is %j', (text, percent) => {
    expect(percentOf(text)).toBe(percent);
  });
});

describe('what is kept of a claim', () => {
  const claim = (parts: Partial<PersistentVolumeClaim>): PersistentVolumeClaim => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'vm-disk-d', namespace: 'n', uid: 'c', labels: labels('VMDisk', DISK_UID) },
    ...parts,
  });

  it('is pending without a capacity until it is bound', () => {
    const parts = { spec: { resources: { requests: { storage: '1Gi' } } }, status: { phase: 'Pending' } };
    expect(projectClaim(claim(parts)).observed).toMatchObject({
      phase: 'Pending',
      capacity: undefined,
      requestedMib: 1024,
    });
  });

  it('belongs to nobody when it is a working claim of CDI, which bears our labels too', () => {
    const { metadata, ...rest } = claim({});
    expect(projectClaim({ ...rest, metadata: { ...metadata, name: 'prime-c' } }).row).toBeUndefined();
    expect(projectClaim(claim({})).row).toEqual({ kind: 'VMDisk', uid: DISK_UID });
  });

  it('has the capacity as users write it, and as a number', () => {
    const status = { phase: 'Bound', capacity: { storage: '1073741824' } };
    expect(projectClaim(claim({ status })).observed).toMatchObject({
      phase: 'Bound',
      capacity: '1Gi',
      capacityMib: 1024,
    });
  });
});

describe('a readable size', () => {
  it.each([
    ['21474836480', '20Gi'],
    ['20Gi', '20Gi'],
    ['1536Mi', '1536Mi'],
    ['22G', '22000000000'],
    ['what', 'what'],
  ])('of %s is %s', (quantity, text) => {
    expect(readableSize(quantity)).toBe(text);
  });
});

describe('what is kept of a VirtualMachine', () => {
  it('reads created and ready as false where KubeVirt leaves them out (V1, 0.13)', () => {
    const { observed, firmwareUuid } = projectVirtualMachine(virtualMachine({ printableStatus: 'Stopped' }));
    expect(firmwareUuid).toBe('u');
    expect(observed).toMatchObject({
      created: false,
      ready: false,
      printableStatus: 'Stopped',
      runStrategy: 'Always',
      startFailures: 0,
    });
  });

  it.each([
    ['is asked for nothing more', {}, true],
    ['has an incarnation', { created: true }, false],
    ['is asked to start', { stateChangeRequests: [{ action: 'Start' }] }, false],
    ['ran under another strategy', { runStrategy: 'Always' }, false],
    ['never ran', { runStrategy: undefined }, false],
  ])('came to rest after its guest has ended: one that %s (V9)', (_, status, rests) => {
    const object = virtualMachine({ runStrategy: 'RerunOnFailure', ...status });
    object.spec.runStrategy = 'RerunOnFailure';
    expect(projectVirtualMachine(object).observed.cameToRest).toBe(rests);
  });

  it('has start failures, the Failure condition and the advice to restart (V5, V8, V1)', () => {
    const conditions = [
      { type: 'Failure', status: 'True', reason: 'FailedFindInstancetype', message: 'not found' },
      { type: 'RestartRequired', status: 'True', message: 'a non-live-updatable field was changed' },
    ];
    const status = { created: true, conditions, startFailure: { consecutiveFailCount: 2 } };
    expect(projectVirtualMachine(virtualMachine(status)).observed).toMatchObject({
      created: true,
      startFailures: 2,
      failure: { status: 'True', reason: 'FailedFindInstancetype' },
      restartRequired: { status: 'True', reason: '' },
    });
  });
});

describe('what is kept of a running machine', () => {
  it('is what a guest shows that runs (V1, 3.72; V9, 9.87)', () => {
    const status = {
      phase: 'Running',
      nodeName: 'node1',
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'AgentConnected', status: 'True' },
      ],
      interfaces: [{ ipAddress: '10.0.0.5', ipAddresses: ['10.0.0.5', 'fd00::5'] }],
      guestOSInfo: { name: 'Ubuntu', prettyName: 'Ubuntu 24.04 LTS' },
      phaseTransitionTimestamps: [
        { phase: 'Scheduled', phaseTransitionTimestamp: '2026-11-22T12:00:00Z' },
        { phase: 'Running', phaseTransitionTimestamp: '2026-11-22T12:00:05Z' },
      ],
    };
    const volumes = [
      { name: 'disk-a', dataVolume: { name: 'vm-disk-a' } },
      { name: 'disk-b', persistentVolumeClaim: { claimName: 'vm-disk-b' } },
      { name: 'cloudinitdisk', cloudInitNoCloud: { secretRef: { name: 's' } } },
    ];
    const { observed, vmName } = projectMachine(machine(status, { volumes }));
    expect(vmName).toBe('web');
    expect(observed).toMatchObject({
      uid: 'vmi',
      phase: 'Running',
      deleting: false,
      paused: false,
      migrating: false,
      agentConnected: true,
      nodeName: 'node1',
      ips: ['10.0.0.5', 'fd00::5'],
      osName: 'Ubuntu 24.04 LTS',
      phaseSince: new Date('2026-11-22T12:00:05Z'),
      disks: ['a', 'b'],
    });
  });

  it('has why it is not scheduled or not synchronised (V3, V4)', () => {
    const conditions = [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' },
      { type: 'Synchronized', status: 'False', reason: 'ErrImagePull', message: 'failed to pull' },
    ];
    expect(projectMachine(machine({ phase: 'Scheduling', conditions })).observed).toMatchObject({
      phase: 'Scheduling',
      scheduled: { status: 'False', reason: 'Unschedulable' },
      synchronized: { status: 'False', reason: 'ErrImagePull' },
    });
  });

  it.each([
    ['a migration that has begun', { startTimestamp: '2026-11-22T12:00:00Z' }, true],
    ['one that has ended', { startTimestamp: '2026-11-22T12:00:00Z', endTimestamp: '2026-11-22T12:01:00Z' }, false],
    ['one that has not begun', {}, false],
  ])('%s is told', (_title, migrationState, migrating) => {
    expect(projectMachine(machine({ phase: 'Running', migrationState })).observed.migrating).toBe(migrating);
  });

  it('is paused only while the condition says so', () => {
    const paused = (status: string) =>
      projectMachine(machine({ conditions: [{ type: 'Paused', status }] })).observed.paused;
    expect(paused('True')).toBe(true);
    expect(paused('False')).toBe(false);
  });
});

describe('what is kept of a Service and a Namespace', () => {
  const service = (status: Service['status']): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'vm-instance-web', namespace: 'n', uid: 's', labels: labels('VMInstance', VM_UID) },
    spec: {},
    ...(status === undefined ? {} : { status }),
  });

  it('is the public address once there is one', () => {
    expect(projectService(service({ loadBalancer: {} })).observed.externalIp).toBeUndefined();
    expect(projectService(service({ loadBalancer: { ingress: [{ ip: '203.0.113.7' }] } })).observed.externalIp).toBe(
      '203.0.113.7',
    );
  });

  it('is whether the namespace is on its way out', () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } };
    expect(projectNamespace({ ...namespace, status: { phase: 'Active' } })).toEqual({ deleting: false });
    expect(projectNamespace({ ...namespace, status: { phase: 'Terminating' } })).toEqual({ deleting: true });
  });
});
