/** The keys that seal what is stored: which are in use, and how they are replaced while everything runs. */
import { DATA_KEY_FRESH_MS, type SealedBy } from '@compute/store';
import type { Command } from '../command.ts';
import { withStore } from '../store-call.ts';

const MS_PER_SECOND = 1_000;

export const showSecrets: Command = {
  usage: '',
  about: 'Shows which of the secrets keys opens how much, and which may go.',
  words: 0,
  options: {},
  wrongWhen: 'something is sealed that none of the keys opens',
  run: async (call) => {
    const found = await withStore(call, (store) => store.secrets.sealedBy());
    const isWrong = found.unopened.length > 0;
    const unopened = found.unopened.map((name) => `none of the keys opens what is sealed of ${name}`);
    return { json: { ok: !isWrong, ...found }, lines: [...found.keys.map(lineOf), ...unopened], isWrong };
  },
};

export const rewrapSecrets: Command = {
  usage: '',
  about: 'Seals with SECRETS_KEY what another key has sealed; safe to repeat, to interrupt, and under load.',
  words: 0,
  options: {},
  wrongWhen: 'something remains that another key has sealed',
  run: async (call) => {
    const report = await withStore(call, (store) => store.secrets.rewrap());
    const { rewrapped, current, remaining } = report;
    const isWrong = remaining.length > 0;
    const lines = [
      `${rewrapped} sealed again, ${current} were already, ${remaining.length} remain.`,
      ...remaining.map((name) => `remains: ${name}`),
    ];
    return { json: { ok: !isWrong, ...report }, lines, isWrong };
  },
};

export const resealProject: Command = {
  usage: '<project> [--new-key]',
  about: 'Seals the secrets of one project with its newest data key; safe to repeat, to interrupt, and under load.',
  words: 1,
  options: { 'new-key': { about: 'gives the project a new data key first' } },
  wrongWhen: 'something remains that an earlier data key has sealed',
  run: async (call) => {
    const project = call.word(0);
    const renewed = call.flag('new-key');
    const report = await withStore(call, async (store) => {
      if (renewed) await store.secrets.renewDataKey(project);
      return store.secrets.reseal(project);
    });
    const again = `Services take the new key within ${DATA_KEY_FRESH_MS / MS_PER_SECOND} s: run this again without --new-key then.`;
    const lines = [
      `${report.resealed} resources sealed again, ${report.remaining} remain.`,
      ...(renewed ? [again] : []),
    ];
    const isWrong = report.remaining > 0;
    return { json: { ok: !isWrong, renewed, ...report }, lines, isWrong };
  },
};

function lineOf({ id, isCurrent, rows }: SealedBy['keys'][number]): string {
  if (isCurrent) return `${id}  seals now, opens ${rows}`;
  return rows === 0 ? `${id}  opens nothing that is stored` : `${id}  opens ${rows}: run "operate secrets rewrap"`;
}
