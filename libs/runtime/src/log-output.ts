/**
 * Standard output for log lines: those of one turn of the event loop leave in one write, since a system call for each
 * request's line costs more than making it.
 *
 * A reader could break: the write waits until the lines are out, and comes before the process ends in whatever way it
 * learns of. Only a SIGKILL loses the lines of the turn that it hits.
 */
import { type DestinationStream, destination } from 'pino';

const STANDARD_OUTPUT = 1;

export interface LogOutput extends DestinationStream {
  /** Writes what is gathered now; the logger asks for it after a fatal line. */
  flushSync(): void;
}

export function openLogOutput(): LogOutput {
  const output = destination({ dest: STANDARD_OUTPUT, sync: true });
  let gathered = '';
  const flushSync = (): void => {
    if (gathered === '') return;
    const lines = gathered;
    gathered = '';
    output.write(lines);
  };
  process.on('exit', flushSync);
  return {
    flushSync,
    write: (line) => {
      if (gathered === '') setImmediate(flushSync);
      gathered += line;
    },
  };
}
