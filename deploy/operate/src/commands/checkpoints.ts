/** The signed ends of a project's closed periods. */
import type { Command } from '../command.ts';
import { withStore } from '../store-call.ts';

const SHOWN = 20;

export const checkpoints: Command = {
  usage: '--project <project>',
  about: 'Shows the newest signed checkpoints of a project’s ledger; somebody who kept one can prove a later change.',
  words: 0,
  options: { project: { takes: '<project>', about: 'whose ledger' } },
  run: async (call) => {
    const project = call.required('project');
    const found = await withStore(call, (store) => store.usage.checkpoints(project, SHOWN));
    const lines = found.map(
      ({ periodEnd, chainPosition, chainHash }) => `${periodEnd.toISOString()}  ${chainPosition} events  ${chainHash}`,
    );
    return {
      json: { project, checkpoints: found },
      lines: lines.length > 0 ? lines : [`No period of ${project} with usage has been closed yet.`],
    };
  },
};
