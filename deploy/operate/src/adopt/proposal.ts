/**
 * What would be adopted: the row of each object, with the uid that it gets or has. Nothing is written here.
 *
 * An object that carries a uid of ours without a row keeps it, so that whoever goes on after a crash, or after a database
 * was restored, makes the same row. A uid that history already knows is not used again: its history has ended.
 */
import { randomUUID } from 'node:crypto';
import {
  type DiskObjects,
  type DiskReading,
  diskObjects,
  type MachineContext,
  type MachineObjects,
  type MachineReading,
  machineObjects,
  readDisk,
  readMachine,
} from '@compute/cluster';
import { diskName, Fault, type Kind, type ProjectRecord } from '@compute/domain';
import type { AdoptionPorts } from './adoption-call.ts';

const UID_LABEL = 'compute.cozystack.io/uid';

export interface DiskProposal {
  readonly kind: 'VMDisk';
  readonly uid: string;
  readonly project: ProjectRecord;
  readonly reading: DiskReading;
  readonly objects: DiskObjects;
}

export interface MachineProposal {
  readonly kind: 'VMInstance';
  readonly uid: string;
  readonly project: ProjectRecord;
  readonly reading: MachineReading;
  readonly objects: MachineObjects;
  readonly context: MachineContext;
}

export type Proposal = DiskProposal | MachineProposal;

/** Throws `AlreadyExists` for a name or an object that a row has, and KubeError. */
export async function proposeDisk(ports: AdoptionPorts, project: ProjectRecord, name: string): Promise<DiskProposal> {
  await refuseTakenName(ports, 'VMDisk', project, name);
  const objects = await diskObjects(ports.client, project.namespace, name);
  const reading = readDisk(objects, { name, catalogue: ports.catalogue });
  const labels = (objects.dataVolume ?? objects.claim)?.metadata.labels;
  const uid = await uidFor(ports, 'VMDisk', project, labels);
  return { kind: 'VMDisk', uid, project, reading, objects };
}

export interface MachineWish {
  readonly name: string;
  /** Also its disks that have no row. */
  readonly withDisks: boolean;
  readonly profile?: string;
}

/** The disks come first. Throws as {@link proposeDisk}, and `NotFound`. */
export async function proposeMachine(
  ports: AdoptionPorts,
  project: ProjectRecord,
  { name, withDisks, profile }: MachineWish,
): Promise<Proposal[]> {
  await refuseTakenName(ports, 'VMInstance', project, name);
  const { namespace } = project;
  const objects = await machineObjects(ports.client, namespace, name);
  const uid = await uidFor(ports, 'VMInstance', project, objects.virtualMachine.metadata.labels);
  const place = { name, namespace, project: project.name, catalogue: ports.catalogue };
  const context = { ...place, opticalDisks: new Set<string>(), ...(profile === undefined ? {} : { profile }) };
  const names = readMachine(objects, context).spec.disks.map(diskName);
  const disks = await disksOf(ports, project, names, withDisks);
  const known = { ...context, opticalDisks: disks.optical };
  const reading = readMachine(objects, known);
  const refusals = [...reading.refusals, ...disks.refusals];
  return [
    ...disks.proposals,
    { kind: 'VMInstance', uid, project, objects, context: known, reading: { ...reading, refusals } },
  ];
}

interface DisksOfMachine {
  readonly optical: Set<string>;
  readonly proposals: DiskProposal[];
  readonly refusals: string[];
}

async function disksOf(
  ports: AdoptionPorts,
  project: ProjectRecord,
  names: readonly string[],
  withDisks: boolean,
): Promise<DisksOfMachine> {
  const found: DisksOfMachine = { optical: new Set(), proposals: [], refusals: [] };
  for (const name of names) {
    const row = await ports.store.get('VMDisk', project.name, name);
    if (!row && !withDisks) {
      found.refusals.push(`Its disk ${name} has no row: adopt that first, or both with --with-disks.`);
      continue;
    }
    const proposal = row ? undefined : await proposeDisk(ports, project, name);
    if (proposal) found.proposals.push(proposal);
    if ((row?.spec ?? proposal?.reading.spec)?.optical) found.optical.add(name);
  }
  return found;
}

async function refuseTakenName({ store }: AdoptionPorts, kind: Kind, { name: project }: ProjectRecord, name: string) {
  if (await store.get(kind, project, name))
    throw new Fault('AlreadyExists', `There is a ${kind} ${name} in the project ${project} already.`);
}

async function uidFor(
  { store }: AdoptionPorts,
  kind: Kind,
  project: ProjectRecord,
  labels: Readonly<Record<string, string>> | undefined,
): Promise<string> {
  const uid = labels?.[UID_LABEL];
  if (uid === undefined) return randomUUID();
  const owner = await store.getByUid(uid);
  if (owner) throw new Fault('AlreadyExists', `The object is that of ${owner.kind} ${owner.project}/${owner.name}.`);
  const past = await store.history({ project: project.name, kind, uid, limit: 1 });
  return past.items.length === 0 ? uid : randomUUID();
}
