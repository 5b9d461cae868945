/**
 * Ends a child process when its parent is gone, however the parent ended: also after SIGKILL, when no handler runs.
 *
 * A small shell waits on a pipe that only the parent holds open. When the pipe closes without the word `release`, the shell
 * signals the child. A reader could break: the shell has its own process group, else Ctrl-C would end it before the child.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

const SCRIPT = `
read -r word
[ "$word" = release ] && exit 0
kill -s "$1" "$2" 2>/dev/null
[ -z "$3" ] && exit 0
tries=0
while kill -0 "$2" 2>/dev/null && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$3"
`;

export interface Leash {
  /** Lets the child go: to be called when it has ended in an orderly way. */
  release(): void;
}

export interface LeashOptions {
  readonly signal: 'INT' | 'TERM' | 'KILL';
  /** A folder that is removed after the child has gone. */
  readonly folder?: string;
}

export function leash(child: ChildProcess, options: LeashOptions): Leash {
  const shell = spawn('sh', ['-c', SCRIPT, 'sh', options.signal, String(child.pid), options.folder ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  const pipe = shell.stdin as Socket;
  pipe.on('error', () => undefined); // the shell may be gone already
  pipe.unref();
  return { release: () => void pipe.end('release\n') };
}

/** Resolves with the exit code (or signal) once the child has ended, at once when it has ended before. */
export function exited(child: ChildProcess): Promise<number | string> {
  const outcome = () => child.exitCode ?? child.signalCode ?? 'unknown';
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(outcome());
  return new Promise((resolve) => child.once('exit', () => resolve(outcome())));
}

/** Sends the signal, and SIGKILL when the child has not ended after the time. Resolves when it has ended. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals, patienceMs: number): Promise<void> {
  const ended = exited(child);
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await ended;
  clearTimeout(timer);
}
