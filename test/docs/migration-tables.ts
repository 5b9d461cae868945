/** Writes the rules for migrations into docs/upgrading.md, so that the page cannot disagree with what is checked. */
import { readFileSync } from 'node:fs';
import { LOCK_RULES } from '../migrations/lock-rules.ts';

export const UPGRADING_PAGE = new URL('../../docs/upgrading.md', import.meta.url);

const [BEGIN, END] = ['<!-- rules -->\n', '\n<!-- end of rules -->'];

/** The whole page: its own words around the table. */
export function renderUpgradingPage(): string {
  const page = readFileSync(UPGRADING_PAGE, 'utf8');
  const [before = '', rest = ''] = page.split(BEGIN, 2);
  const after = rest.split(END, 2)[1] ?? '';
  const rows = Object.entries(LOCK_RULES).map(([rule, { instead }]) => `| \`${rule}\` | ${instead} |`);
  return [before, BEGIN, ['| rule | instead |', '|---|---|', ...rows].join('\n'), END, after].join('');
}
