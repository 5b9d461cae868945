/** The texts of `--help`. */
import type { Command, CommandOption } from './command.ts';

const EXITS = [
  '  0  done, and nothing is wrong',
  '  1  done, and something is wrong: the report says what',
  '  2  called or configured wrongly; nothing was done',
  '  3  could not be done: what it needs does not answer, or refuses',
];

/** All commands, a line each. */
export function overview(commands: Readonly<Record<string, Command>>): string {
  const rows = Object.entries(commands).map(([name, { about }]): [string, string] => [name, about]);
  return [
    'operate <command> [...]: looks after an installation. Reads the same variables as the services (DATABASE_URL,',
    'SECRETS_KEY or SECRETS_KEY_FILE, REDIS_URL, KUBECONFIG), or the stack of --stack <folder>.',
    '',
    ...columns(rows),
    '',
    'Each takes --json and --help. It ends with',
    ...EXITS,
  ].join('\n');
}

export function commandHelp(
  name: string,
  { usage, about, options, wrongWhen }: Command,
  general: Readonly<Record<string, CommandOption>>,
): string {
  const rows = Object.entries({ ...options, ...general }).map(([option, { takes, about: what }]): [string, string] => [
    `--${option}${takes === undefined ? '' : ` ${takes}`}`,
    what,
  ]);
  const exits = wrongWhen === undefined ? EXITS.filter((line) => !line.startsWith('  1')) : [...EXITS];
  return [
    `operate ${name}${usage === '' ? '' : ` ${usage}`}`,
    '',
    about,
    '',
    ...columns(rows),
    '',
    'It ends with',
    ...exits.map((line) => (line.startsWith('  1') ? `  1  ${wrongWhen}` : line)),
  ].join('\n');
}

/** Two columns, the first as wide as its widest. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`);
}
