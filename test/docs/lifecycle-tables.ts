/**
 * Renders the tables of docs/lifecycle.md from the domain, so that the page cannot disagree with the code.
 * Run directly it writes the page; the test beside it compares.
 */
import { DISK_METERS, KINDS, type Kind, LIFECYCLES, METERS, VM_METERS } from '@compute/domain';

export const PAGE = new URL('../../docs/lifecycle.md', import.meta.url);

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function transitionTable(kind: Kind): string {
  const { transitions, settled } = LIFECYCLES[kind];
  const rows = Object.entries<readonly string[]>(transitions).map(([from, to]) =>
    row([
      `\`${from}\``,
      (settled as readonly string[]).includes(from) ? 'yes' : '',
      to.map((phase) => `\`${phase}\``).join(', ') || 'gone',
    ]),
  );
  return [row(['from', 'settled', 'to']), row(['---', '---', '---']), ...rows].join('\n');
}

export function meterTable(phases: Readonly<Record<string, readonly string[]>>): string {
  const meters = METERS.filter((meter) => Object.values(phases).some((running) => running.includes(meter)));
  const rows = Object.entries(phases).map(([phase, running]) =>
    row([`\`${phase}\``, ...meters.map((meter) => (running.includes(meter) ? 'runs' : ''))]),
  );
  return [
    row(['phase', ...meters.map((meter) => `\`${meter}\``)]),
    row(['---', ...meters.map(() => '---')]),
    ...rows,
  ].join('\n');
}

/** The whole page. */
export function renderLifecyclePage(): string {
  const sections = KINDS.map((kind) => `## ${kind}: phases\n\n${transitionTable(kind)}\n`);
  return [
    '# Lifecycle\n',
    'Rendered from `libs/domain`; write it anew with `npm run docs`. A settled phase is one in which nothing more happens by itself: an operation on',
    'the resource is over, unless a pause or a restart is still on its way ([power](power.md)). The store refuses a step that is not in the table.\n',
    ...sections,
    '## Which meter runs in which phase\n',
    'Why: [decision 11](decisions/0011-when-meters-run.md). `ip.held` runs while an address is assigned, whatever the machine does, until it is being deleted.\n',
    `${meterTable(VM_METERS)}\n`,
    `${meterTable(DISK_METERS)}\n`,
  ].join('\n');
}
