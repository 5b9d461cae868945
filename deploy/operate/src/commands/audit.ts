/** Replays history through the rules of usage and compares it with what was metered. */
import type { MeteredSpan, UsageAuditReport } from '@compute/domain';
import type { Store } from '@compute/store';
import { type Call, type Command, WrongCall } from '../command.ts';
import { everyProject, withStore } from '../store-call.ts';

export const audit: Command = {
  usage: '--project <project> | --all',
  about: 'Computes the bill a second time, from history alone, and compares it with the ledger to the millisecond.',
  words: 0,
  options: {
    project: { takes: '<project>', about: 'one project, also one that is gone' },
    all: { about: 'every project there is' },
  },
  wrongWhen: 'history and ledger differ',
  run: async (call) => {
    const reports = await withStore(call, (store) => auditAll(store, call));
    const isWrong = reports.some(({ findings }) => findings.length > 0);
    return { json: { ok: !isWrong, projects: reports }, lines: reports.flatMap(linesOf), isWrong };
  },
};

async function auditAll(store: Store, call: Call): Promise<UsageAuditReport[]> {
  const project = call.text('project');
  if ((project === undefined) !== call.flag('all')) throw new WrongCall('Give --project <project> or --all.');
  if (project !== undefined) return [await store.usage.audit(project)];
  const reports: UsageAuditReport[] = [];
  for await (const { name } of everyProject(store)) reports.push(await store.usage.audit(name));
  return reports;
}

function linesOf({ project, audited, findings }: UsageAuditReport): string[] {
  const verdict = findings.length === 0 ? 'history and ledger agree' : `${findings.length} resources differ`;
  return [
    `${project}: ${audited} resources audited, ${verdict}.`,
    ...findings.flatMap(({ kind, name, uid, missing, surplus }) => [
      ...missing.map((span) => `  ${kind} ${name} (${uid}): ${spanText(span)} was not metered`),
      ...surplus.map(
        (span) => `  ${kind} ${name} (${uid}): ${spanText(span)} was metered and history does not know it`,
      ),
    ]),
  ];
}

function spanText({ meter, from, to }: MeteredSpan): string {
  return `${meter} from ${from.toISOString()} to ${to?.toISOString() ?? 'now'}`;
}
