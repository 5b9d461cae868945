/** Rows for what is in the cluster already: machines and volumes of others, and those whose row is gone. */
import { type Candidate, candidatesIn } from '@compute/cluster';
import { adoptAll, linesOfEnding, obstacleTo } from '../adopt/adopt-orphans.ts';
import { type AdoptionPorts, CHOICE_OPTIONS, choicesOf, projectOf, withAdoption } from '../adopt/adoption-call.ts';
import { adoptionReport } from '../adopt/adoption-report.ts';
import { carryOut, readAnewWhenStale } from '../adopt/carry-out.ts';
import { proposeDisk, proposeMachine } from '../adopt/proposal.ts';
import type { Command } from '../command.ts';
import { targetOf } from '../target.ts';

export const adopt: Command = {
  usage: '<kind> <project>/<name> [--with-disks] [--dry-run] [--accept <path,...>]',
  about: 'Makes a row of a VirtualMachine or DataVolume that somebody else made. What runs goes on as it is.',
  words: 2,
  options: {
    ...CHOICE_OPTIONS,
    'with-disks': { about: 'adopts the disks of the machine with it' },
    profile: { takes: '<name>', about: 'the profile of a machine that names no preference' },
  },
  wrongWhen: 'it was not adopted: something of it cannot be said by a row, or stands in the way',
  run: async (call) => {
    const { kind, project: projectName, name } = targetOf(call);
    const profile = call.text('profile');
    const wish = { name, withDisks: call.flag('with-disks'), ...(profile === undefined ? {} : { profile }) };
    return withAdoption(call, async (ports) => {
      const project = await projectOf(ports, projectName);
      return readAnewWhenStale(async () => {
        const proposals =
          kind === 'VMDisk' ? [await proposeDisk(ports, project, name)] : await proposeMachine(ports, project, wish);
        const verdict = await carryOut(ports, proposals, choicesOf(call));
        return adoptionReport(proposals, verdict, ports.catalogue);
      });
    });
  },
};

export const listAdoptable: Command = {
  usage: '--project <project>',
  about: 'Lists the machines and volumes in the namespace of a project that have no row.',
  words: 0,
  options: { project: { takes: '<project>', about: 'whose namespace is looked at' } },
  run: (call) =>
    withAdoption(call, async (ports) => {
      const project = await projectOf(ports, call.required('project'));
      const found = await rowless(ports, await candidatesIn(ports.client, project.namespace));
      const candidates = found.map((candidate) => ({ ...candidate, obstacle: obstacleTo(candidate) }));
      const lines = candidates.map(({ object, kind, name, uid, obstacle }) => {
        const what = obstacle ?? `operate adopt ${kind} ${project.name}/${name}${uid ? '  (had a row)' : ''}`;
        return `${object}  ${what}`;
      });
      return { json: { candidates }, lines: [...lines, `${candidates.length} without a row.`] };
    }),
};

export const adoptOrphans: Command = {
  usage: '[--project <project>] [--dry-run] [--accept <path,...>]',
  about: 'Makes rows of every machine and volume that carries our labels and has none, with the uid in its labels.',
  words: 0,
  options: { ...CHOICE_OPTIONS, project: { takes: '<project>', about: 'of this project alone' } },
  wrongWhen: 'one of them was not adopted',
  run: (call) =>
    withAdoption(call, async (ports) => {
      const only = call.text('project');
      const found = (await rowless(ports, await candidatesIn(ports.client))).filter(
        ({ uid, project }) => uid !== undefined && (only === undefined || project === only),
      );
      const endings = await adoptAll(ports, found, choicesOf(call));
      const isWrong = endings.some(({ outcome }) => outcome === 'refused');
      const verdict = `${endings.length} objects without a row, ${endings.filter(({ outcome }) => outcome === 'adopted').length} adopted.`;
      return { json: { ok: !isWrong, orphans: endings }, lines: [...endings.flatMap(linesOfEnding), verdict], isWrong };
    }),
};

/** Those whose uid, where they carry one, is not that of a row. */
async function rowless({ store }: AdoptionPorts, candidates: readonly Candidate[]): Promise<Candidate[]> {
  const uids = candidates.flatMap(({ uid }) => (uid === undefined ? [] : [uid]));
  const without = new Set(await store.uidsWithoutRow([...new Set(uids)]));
  return candidates.filter(({ uid }) => uid === undefined || without.has(uid));
}
