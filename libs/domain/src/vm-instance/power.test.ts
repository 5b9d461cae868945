import { describe, expect, it } from 'vitest';
import { intentAfter } from './power.ts';
import type { RunStrategy, VmInstance, VmPhase } from './vm-instance.ts';

const NOW = new Date('2026-01-01T12:00:00Z');

function machine(phase: VmPhase, runStrategy: RunStrategy): VmInstance {
  return {
    ...{ kind: 'VMInstance', uid: 'v-1', project: 'demo', name: 'web', labels: {}, annotations: {}, claim: {} },
    ...{ generation: 2, specVersion: 2, statusVersion: 5, resourceVersion: '9', createdAt: NOW, phaseSince: NOW },
    spec: {
      ...{ external: false, externalMethod: 'PortList', externalPorts: [], instanceType: 'u1.medium' },
      ...{ instanceProfile: 'ubuntu', disks: [], sshKeys: [], cloudInit: '', cloudInitSeed: '' },
      runStrategy,
    },
    phase,
    status: {
      conditions: [],
      observedGeneration: 2,
      instanceType: { name: 'u1.medium', series: 'U', vcpu: 1, memoryMib: 4096 },
    },
  };
}

describe('a start that leaves the spec as it is', () => {
  const renewed = { renewed: { asked: 3, graceSeconds: 30 } };
  it.each<[VmPhase, RunStrategy, object | undefined]>([
    ['Stopped', 'RerunOnFailure', renewed],
    ['Stopped', 'Manual', renewed],
    // It was accepted, and nothing else would start the machine again.
    ['Stopping', 'RerunOnFailure', renewed],
    ['Stopping', 'Manual', renewed],
    ['Stopping', 'Once', renewed],
    // The cluster makes the next incarnation by itself.
    ['Stopping', 'Always', undefined],
    ['Starting', 'RerunOnFailure', undefined],
    ['Running', 'RerunOnFailure', undefined],
  ])('of a machine that is %s and run as %s', (phase, strategy, wanted) => {
    const vm = machine(phase, strategy);
    expect(intentAfter(vm, vm.spec, { do: 'start' })).toEqual(wanted);
  });
});
