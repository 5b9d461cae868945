/** Everything there is, put before the workers again: for a Redis that forgot, or after a restored backup. */
import type { Command } from '../command.ts';
import { withStore } from '../store-call.ts';

export const rebuildQueue: Command = {
  usage: '',
  about: 'Makes the workers look at every resource once; harmless at any time, since a look only does what is missing.',
  words: 0,
  options: {},
  run: async (call) => {
    const woken = await withStore(call, (store) => store.wakeAll());
    return {
      json: { woken },
      lines: [`${woken} resources wait for a look of a worker; others waited already.`],
    };
  },
};
