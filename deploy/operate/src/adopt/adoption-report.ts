/** What an adoption did or would do, for people and for programs. */
import type { Difference, Loss } from '@compute/cluster';
import type { Catalogue } from '@compute/domain';
import type { Report } from '../command.ts';
import { claimOf, type Verdict } from './carry-out.ts';
import type { Proposal } from './proposal.ts';

const SHOWN_LENGTH = 100;

export function adoptionReport(proposals: readonly Proposal[], verdict: Verdict, catalogue: Catalogue): Report {
  const { outcome, unaccepted, refusals } = verdict;
  const rows = proposals.map((proposal) => factsOf(proposal, refusals.length === 0 ? catalogue : undefined));
  return {
    json: { outcome, rows, unaccepted, refusals },
    lines: [
      ...rows.flatMap((row) => [
        `${row.kind} ${row.project}/${row.name}${outcome === 'adopted' ? `  uid ${row.uid}` : ''}`,
        ...(row.claim ? [`  takes ${claimText(row.claim)}`] : []),
        `  spec ${JSON.stringify(row.spec)}`,
        ...row.losses.map((loss) => `  lost: ${lossLine(loss)}`),
        ...(outcome === 'adopted' ? [] : row.additions.map((addition) => `  added: ${differenceLine(addition)}`)),
      ]),
      ...refusals,
      ENDS[outcome],
      ...(unaccepted.length > 0 && refusals.length === 0
        ? [`Accept the loss with --accept ${unaccepted.map(({ path }) => path).join(',')}`]
        : []),
    ],
    isWrong: outcome === 'refused',
  };
}

const ENDS: Readonly<Record<Verdict['outcome'], string>> = {
  adopted: 'Adopted. A worker looks at it within seconds; what runs goes on.',
  possible: 'It can be adopted. Nothing has been changed.',
  refused: 'It is not adopted. Nothing has been changed.',
};

/** Without the secrets of its spec. */
function factsOf(proposal: Proposal, catalogue: Catalogue | undefined) {
  const { kind, uid, project, reading } = proposal;
  const { name, losses, differences } = reading;
  const spec =
    'cloudInit' in reading.spec ? { ...reading.spec, cloudInit: hidden(reading.spec.cloudInit) } : reading.spec;
  const identity = 'identity' in reading ? { identity: reading.identity } : {};
  return {
    ...{ kind, project: project.name, name, uid, spec, ...identity, losses },
    /** What the row's manifest has and the object lacks. */
    additions: differences.filter(({ found }) => found === undefined),
    ...(catalogue ? { claim: claimOf(proposal, catalogue) } : {}),
  };
}

const hidden = (secret: string): string => (secret === '' ? '' : `(${secret.length} characters, not shown)`);

const claimText = (claim: object): string =>
  Object.entries(claim)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');

export const lossLine = ({ path, found, consequence }: Loss): string => `${path} = ${found}. ${consequence}`;

function differenceLine({ path, wanted }: Difference): string {
  const text = JSON.stringify(wanted);
  return `${path} = ${text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text}`;
}
