/** The reason that a process gives for its end, found in what it wrote: one line, whatever it wrote around it. */

const MOST_CHARACTERS = 300;

/** The line that says most about a failure, without its stack; undefined when none was given. */
export function lastWord(lines: readonly string[]): string | undefined {
  const spoken = lines.map((line) => line.trim()).filter((line) => line !== '' && !isFrame(line));
  // A log entry that is no error is no reason, only what came last.
  const plain = spoken.filter((line) => parsed(line) === undefined);
  const word = loggedError(spoken) ?? plain.findLast((line) => /^\w*Error\b.*: /.test(line)) ?? plain.at(-1);
  return word?.split('\n', 1)[0]?.slice(0, MOST_CHARACTERS).replace(/\.$/, '');
}

function isFrame(line: string): boolean {
  return /^(at |Node\.js v)/.test(line);
}

/** Of the log's last line of level `error` or `fatal`. */
function loggedError(lines: readonly string[]): string | undefined {
  const entries = lines.map(parsed).filter((entry) => entry?.level === 'error' || entry?.level === 'fatal');
  const last = entries.at(-1);
  const message = last?.err?.message ?? last?.msg;
  return typeof message === 'string' ? message : undefined;
}

interface LogEntry {
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly err?: { readonly message?: unknown };
}

function parsed(line: string): LogEntry | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogEntry;
  } catch {
    return undefined; // a line that begins like JSON and is none
  }
}
