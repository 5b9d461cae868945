/**
 * Carries out what was decided about a restored database, while no worker acts on it. Safe to repeat: what was done does
 * not part any more.
 */
import type { AnyResource } from '@compute/domain';
import type { Attributed } from '@compute/store';
import { adoptAll, type Ending } from '../adopt/adopt-orphans.ts';
import type { AdoptionChoices, AdoptionPorts } from '../adopt/adoption-call.ts';
import type { Comparison, PartedRow } from './compare.ts';
import type { Decisions } from './decisions.ts';
import { takeTheClusters } from './take-the-clusters.ts';

const OPERATOR: Attributed = { actor: { type: 'system', id: 'operator' }, requestId: '' };

export interface Step {
  readonly resource: string;
  readonly did: 'followed the cluster' | 'forgotten';
  /** Why it could not be done. */
  readonly failure?: string;
}

export interface Settlement {
  readonly steps: readonly Step[];
  readonly orphans: readonly Ending[];
  /** A row that should have followed the cluster does not: workers would turn the clock back. */
  readonly mayGoOn: boolean;
}

export async function settle(
  ports: AdoptionPorts,
  { parted, orphans }: Comparison,
  decisions: Decisions,
  choices: AdoptionChoices,
): Promise<Settlement> {
  // A disk that holds its data is never given up, whatever was decided about edits.
  const followed = decisions.edited === 'adopt' ? [...parted.filled, ...parted.edited] : parted.filled;
  const steps: Step[] = [];
  for (const one of followed) steps.push(await step(one, 'followed the cluster', () => takeTheClusters(ports, one)));
  const mayGoOn = steps.every(({ failure }) => failure === undefined);
  const forgotten = decisions.missing === 'forget' ? machinesFirst(parted.missing) : [];
  for (const one of forgotten) steps.push(await step(one, 'forgotten', () => forget(ports, one.row)));
  const adopted = decisions.orphans === 'adopt' ? await adoptAll(ports, orphans, choices) : [];
  return { steps, orphans: adopted, mayGoOn };
}

async function step({ row }: PartedRow, did: Step['did'], work: () => Promise<unknown>): Promise<Step> {
  const resource = nameOf(row);
  try {
    await work();
    return { resource, did };
  } catch (error) {
    return { resource, did, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** A worker finds nothing of it in the cluster and removes the row; history says who asked. */
function forget({ store }: AdoptionPorts, { uid, project }: AnyResource): Promise<unknown> {
  return store.requestDeletion({ ...OPERATOR, target: { uid, project } });
}

/** A disk that a machine has cannot be deleted before that. */
function machinesFirst(rows: readonly PartedRow[]): PartedRow[] {
  return rows.toSorted((one, other) => Number(one.row.kind === 'VMDisk') - Number(other.row.kind === 'VMDisk'));
}

export const nameOf = ({ kind, project, name }: AnyResource): string => `${kind} ${project}/${name}`;
