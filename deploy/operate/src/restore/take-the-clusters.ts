/** Makes a row say what its objects say: for what was edited, or has come true, after the backup. */
import { diskObjects, machineObjects, readDisk, readMachine } from '@compute/cluster';
import {
  type ChargedSize,
  chargeVm,
  claimOfDisk,
  claimOfVm,
  diskName,
  type VmDisk,
  type VmInstance,
} from '@compute/domain';
import type { Attributed } from '@compute/store';
import type { AdoptionPorts } from '../adopt/adoption-call.ts';
import type { PartedRow } from './compare.ts';

const OPERATOR: Attributed = { actor: { type: 'system', id: 'operator' }, requestId: '' };

/** Throws what reading the objects and writing the row throw; `QuotaExceeded` among it. */
export function takeTheClusters(ports: AdoptionPorts, { row, project }: PartedRow): Promise<unknown> {
  return row.kind === 'VMDisk' ? takeDisk(ports, row, project.namespace) : takeMachine(ports, row, project.namespace);
}

async function takeMachine({ store, client, catalogue }: AdoptionPorts, row: VmInstance, namespace: string) {
  const { name, project, uid } = row;
  const objects = await machineObjects(client, namespace, name);
  const optical = (await store.disksOfVm(uid)).filter(({ spec }) => spec.optical).map((disk) => disk.name);
  const context = { name, namespace, project, catalogue, opticalDisks: new Set(optical) };
  const { spec: read, identity } = readMachine(objects, context);
  // A seed cannot be read back; the firmware that came of it can, and is kept with the row.
  const seed = row.status.identity?.firmwareUuid === identity.firmwareUuid ? row.spec.cloudInitSeed : '';
  const spec = { ...read, cloudInitSeed: seed };
  const instanceType: ChargedSize = chargeVm(spec, catalogue);
  await store.want<'VMInstance'>({
    ...OPERATOR,
    target: { uid, project },
    spec,
    claim: claimOfVm(spec, instanceType),
    chargedStatus: { instanceType },
    attachments: spec.disks.map((entry) => ({ disk: diskName(entry) })),
    found: { identity: { ...row.status.identity, ...identity } },
  });
}

/** Of a disk only its size can have changed, and that it is filled. */
async function takeDisk({ store, client, catalogue }: AdoptionPorts, row: VmDisk, namespace: string) {
  const { name, project, uid } = row;
  const objects = await diskObjects(client, namespace, name);
  const { spec: read } = readDisk(objects, { name, catalogue });
  const spec = { ...row.spec, storage: read.storage };
  const isFilled = objects.dataVolume?.status?.phase === 'Succeeded';
  await store.want<'VMDisk'>({
    ...OPERATOR,
    target: { uid, project },
    spec,
    claim: claimOfDisk(spec),
    found: isFilled ? { import: { phase: 'Done', percent: 100, attempts: 1 } } : {},
  });
}
