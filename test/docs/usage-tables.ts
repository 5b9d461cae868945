/** Renders the table of docs/usage.md that says which meter runs in which phase; the rest of the page is written by hand. */
import { readFileSync } from 'node:fs';
import { DISK_METERS, VM_METERS } from '@compute/domain';
import { meterTable } from './lifecycle-tables.ts';

export const USAGE_PAGE = new URL('../../docs/usage.md', import.meta.url);

const BEGIN = '<!-- meters: written by npm run docs -->\n';
const END = '<!-- /meters -->\n';

/** The page as it is, with the table as it must be. Throws when the place of the table is gone. */
export function renderUsagePage(): string {
  const page = readFileSync(USAGE_PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error('docs/usage.md has lost the place of its table.');
  return [before, BEGIN, `\n${meterTable(VM_METERS)}\n\n${meterTable(DISK_METERS)}\n\n`, END, after].join('');
}
