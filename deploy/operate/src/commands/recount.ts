/** Quota counters against the rows that they count. */
import type { Command } from '../command.ts';
import { withStore } from '../store-call.ts';

export const recount: Command = {
  usage: '[--repair]',
  about: 'Compares the counters of all quotas with the resources that they count.',
  words: 0,
  options: { repair: { about: 'sets the counters that differ to what was counted' } },
  wrongWhen: 'a counter differs, also when it has been repaired now',
  run: async (call) => {
    const repair = call.flag('repair');
    const drifts = await withStore(call, (store) => store.quota.recount({ repair }));
    const lines = drifts.map(
      ({ project, scope, metric, stored, counted }) =>
        `${project} ${scope}/${metric}: the counter says ${stored}, there are ${counted}`,
    );
    const verdict =
      drifts.length === 0 ? 'Every counter equals its rows.' : repair ? 'Repaired.' : '--repair sets them right.';
    return {
      json: { ok: drifts.length === 0, repaired: repair, drifts },
      lines: [...lines, verdict],
      isWrong: drifts.length > 0,
    };
  },
};
