/** A machine as a worker loads it, so that a manifest can be made of it without a database. */
import { randomUUID } from 'node:crypto';
import type { VmInstance } from '@compute/domain';

export function someMachine(name: string, disks: readonly string[] = ['system', 'data']): VmInstance {
  const at = new Date();
  return {
    ...{ kind: 'VMInstance', uid: randomUUID(), project: 'bench', name, labels: {}, annotations: {} },
    spec: {
      ...{ external: false, externalMethod: 'PortList', externalPorts: [22], cloudInit: '', cloudInitSeed: '' },
      ...{
        instanceType: 'u1.medium',
        instanceProfile: 'ubuntu',
        disks,
        sshKeys: ['ssh-ed25519 AAAA'],
      },
    },
    ...{ phase: 'Running', phaseSince: at, createdAt: at, generation: 1, specVersion: 1, statusVersion: 1 },
    ...{ resourceVersion: '1', status: { conditions: [], observedGeneration: 1 } },
  } as unknown as VmInstance;
}
