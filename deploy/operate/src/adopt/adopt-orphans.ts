/** Gives rows to many objects, one after the other, and tells how each ended. */
import type { Candidate } from '@compute/cluster';
import { isFault } from '@compute/domain';
import { type AdoptionChoices, type AdoptionPorts, projectOf } from './adoption-call.ts';
import { lossLine } from './adoption-report.ts';
import { carryOut, type Verdict } from './carry-out.ts';
import { type Proposal, proposeDisk, proposeMachine } from './proposal.ts';

export interface Ending extends Pick<Verdict, 'unaccepted' | 'refusals'> {
  readonly object: string;
  readonly project: string;
  readonly name: string;
  readonly outcome: Verdict['outcome'];
}

/** Disks come before the machines that wait for them. Throws only `Unavailable`. */
export async function adoptAll(
  ports: AdoptionPorts,
  orphans: readonly Candidate[],
  choices: AdoptionChoices,
): Promise<Ending[]> {
  const inOrder = orphans.toSorted(
    (one, other) => Number(one.kind === 'VMInstance') - Number(other.kind === 'VMInstance'),
  );
  const endings: Ending[] = [];
  for (const orphan of inOrder) endings.push(await adoptOrphan(ports, orphan, choices));
  return endings;
}

/** One that cannot be adopted keeps none of the others from it. */
async function adoptOrphan(ports: AdoptionPorts, orphan: Candidate, choices: AdoptionChoices): Promise<Ending> {
  const { object, project: projectName = '', name = '' } = orphan;
  const subject = { object, project: projectName, name };
  const obstacle = obstacleTo(orphan);
  if (obstacle !== undefined) return { ...subject, outcome: 'refused', unaccepted: [], refusals: [obstacle] };
  try {
    const project = await projectOf(ports, projectName);
    if (project.namespace !== orphan.namespace) throw new Error(`It is not in the namespace of ${projectName}.`);
    const proposals: Proposal[] =
      orphan.kind === 'VMDisk'
        ? [await proposeDisk(ports, project, name)]
        : await proposeMachine(ports, project, { name, withDisks: choices.dryRun });
    return { ...subject, ...(await carryOut(ports, proposals, choices)) };
  } catch (error) {
    const refusal = error instanceof Error ? error.message : String(error);
    if (isFault(error, 'Unavailable')) throw error;
    return { ...subject, outcome: 'refused', unaccepted: [], refusals: [refusal] };
  }
}

/** Why an object cannot be adopted, seen from its name and state alone. */
export function obstacleTo({ kind, name, deleting, claimAlone }: Candidate): string | undefined {
  const prefix = kind === 'VMInstance' ? 'vm-instance-' : 'vm-disk-';
  if (name === undefined) return `cannot be adopted: objects of rows are named ${prefix}<name>`;
  if (deleting) return 'cannot be adopted: it is being deleted';
  return claimAlone ? 'cannot be adopted yet: its DataVolume is gone, see docs/adopting.md' : undefined;
}

export function linesOfEnding({ object, project, name, outcome, unaccepted, refusals }: Ending): string[] {
  const losses = unaccepted.map((loss) => `  lost: ${lossLine(loss)}`);
  return [`${object}  ${project}/${name}  ${outcome}`, ...losses, ...refusals.map((refusal) => `  ${refusal}`)];
}
