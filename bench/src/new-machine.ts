/** A wish for a machine without disks, as the API hands it to the store. */
import { randomUUID } from 'node:crypto';
import { claimOfVm, initialVm, type VmInstanceSpec } from '@compute/domain';

const SIZE = { name: 'u1.medium', series: 'U', vcpu: 1, memoryMib: 4_096 };
const SPEC: VmInstanceSpec = {
  ...{ external: false, externalMethod: 'PortList', externalPorts: [], instanceType: SIZE.name, running: true },
  ...{ instanceProfile: 'ubuntu', disks: [], sshKeys: [], cloudInit: '', cloudInitSeed: '' },
};

export function newMachine(project: string, name: string) {
  return {
    kind: 'VMInstance' as const,
    actor: { type: 'user' as const, id: 'bench' },
    requestId: randomUUID(),
    project,
    name,
    spec: SPEC,
    claim: claimOfVm(SPEC, SIZE),
    ...initialVm(SIZE),
  };
}
