/**
 * Makes rows of proposals: first it is tried whether the database would take them, then the objects get their labels, then
 * the rows are made, all or none. A command that dies in between leaves objects with a uid and without a row, which are
 * not touched by any worker; the same command, run again, goes on with the same uid.
 */
import { isAccepted, type Loss, rowOfMachine, startRecordOf, takeOverDisk, takeOverMachine } from '@compute/cluster';
import {
  type Catalogue,
  type Claim,
  chargeVm,
  claimOfDisk,
  claimOfVm,
  diskName,
  Fault,
  initialVm,
  isFault,
  type VmDiskStatus,
} from '@compute/domain';
import { isConflict, type KubeClient } from '@compute/kube-client';
import type { Attributed, CreateCommand, Store, WriteCommand } from '@compute/store';
import type { AdoptionChoices, AdoptionPorts } from './adoption-call.ts';
import type { DiskProposal, MachineProposal, Proposal } from './proposal.ts';

export interface Verdict {
  readonly outcome: 'adopted' | 'possible' | 'refused';
  /** What was not accepted, by the object that it is of. */
  readonly unaccepted: readonly Loss[];
  readonly refusals: readonly string[];
}

const OPERATOR: Attributed = { actor: { type: 'system', id: 'operator' }, requestId: '' };
/** The data was there before the row: nothing of it is ever imported. */
const DATA_IS_THERE: VmDiskStatus = {
  conditions: [],
  observedGeneration: 0,
  import: { phase: 'Done', percent: 100, attempts: 1 },
  attachedTo: [],
};

/** Throws `QuotaExceeded`, `DiskInUse`, `AlreadyExists`, `Stale` when an object changed meanwhile, and KubeError. */
export async function carryOut(
  { store, client, catalogue }: AdoptionPorts,
  proposals: readonly Proposal[],
  { accepted, beyondQuota, dryRun }: AdoptionChoices,
): Promise<Verdict> {
  const refusals = proposals.flatMap(({ reading }) => reading.refusals);
  const unaccepted = proposals.flatMap(({ reading }) => reading.losses).filter((loss) => !isAccepted(loss, accepted));
  if (refusals.length > 0) return { outcome: 'refused', unaccepted, refusals };
  const commands = proposals.map((proposal) => commandOf(proposal, catalogue, beyondQuota));
  await apply(store, commands, true);
  if (unaccepted.length > 0) return { outcome: 'refused', unaccepted, refusals };
  if (dryRun) return { outcome: 'possible', unaccepted, refusals };
  for (const proposal of proposals) await takeOver(client, proposal);
  await apply(store, commands, false);
  return { outcome: 'adopted', unaccepted, refusals };
}

const ATTEMPTS = 5;

/** Status changes all the time, and each mark is for what was read: what has changed is read and judged anew. */
export async function readAnewWhenStale<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isFault(error, 'Stale') || attempt === ATTEMPTS) throw error;
    }
  }
}

/** What the project will hold more. */
export function claimOf({ kind, reading }: Proposal, catalogue: Catalogue): Claim {
  if (kind === 'VMDisk') return claimOfDisk(reading.spec);
  return claimOfVm(reading.spec, chargeVm(reading.spec, catalogue));
}

function commandOf(proposal: Proposal, catalogue: Catalogue, beyondQuota: boolean): WriteCommand {
  const { kind, uid, project, reading } = proposal;
  const adopted = { uid, ...(beyondQuota ? { beyondQuota } : {}) };
  const shared = { ...OPERATOR, project: project.name, name: reading.name, adopted };
  const command = { ...shared, claim: claimOf(proposal, catalogue) };
  return kind === 'VMDisk' ? createDisk(command, proposal) : createMachine(command, proposal, catalogue);
}

type Shared = Pick<CreateCommand, 'project' | 'name' | 'claim' | 'adopted' | keyof Attributed>;

function createDisk(shared: Shared, { reading: { spec } }: DiskProposal): WriteCommand {
  return { verb: 'create', ...shared, kind: 'VMDisk', spec, phase: 'Ready', status: DATA_IS_THERE };
}

function createMachine(
  shared: Shared,
  { reading: { spec, identity } }: MachineProposal,
  catalogue: Catalogue,
): WriteCommand {
  const { phase, status } = initialVm(chargeVm(spec, catalogue));
  const attachments = spec.disks.map((entry) => ({ disk: diskName(entry) }));
  return { verb: 'create', ...shared, kind: 'VMInstance', spec, phase, status: { ...status, identity }, attachments };
}

async function apply(store: Store, commands: readonly WriteCommand[], dryRun: boolean): Promise<void> {
  const { results } = await store.apply(commands, { atomic: true, dryRun });
  const refused = results.find((result) => !result.ok);
  if (refused && !refused.ok) throw refused.fault;
}

async function takeOver(client: KubeClient, proposal: Proposal): Promise<void> {
  const { kind, uid, project, reading } = proposal;
  const row = { kind, uid, project: project.name, name: reading.name };
  try {
    if (kind === 'VMDisk') await takeOverDisk(client, proposal.objects, row);
    else await takeOverMachine(client, proposal.objects, row, startRecordOfProposal(proposal));
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw new Fault('Stale', `${kind} ${reading.name} has changed in the cluster meanwhile. Run it again.`, {}, error);
  }
}

function startRecordOfProposal({ objects, context, uid, reading }: MachineProposal): string | undefined {
  const row = rowOfMachine({ uid, project: context.project, name: reading.name }, reading);
  return startRecordOf(objects, row, context);
}
