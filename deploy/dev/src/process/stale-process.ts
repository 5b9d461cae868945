/** Deals with a process of an earlier run that still holds a state folder: waits for it, and ends it when it stays. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** True while a process with this id runs (also one of another user); false for one that ended and was not yet reaped. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isDefunct(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isDefunct(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
  } catch {
    return false; // no /proc on this system
  }
}

/** True when the process exists and its command line holds the text, so that a reused id is not mistaken. */
export function isAliveAs(pid: number, text: string): boolean {
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
  } catch {
    return !existsSync('/proc/self'); // no /proc on this system: the id alone must do
  }
}

/**
 * Resolves when the process whose id stands in the first line of the file is gone. It gets the signal at once: nobody
 * who starts a stack wants an older server on the same folder.
 */
export async function awaitPidGone(
  pidFile: string,
  text: string,
  signal: NodeJS.Signals,
  patienceMs = 15_000,
): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]);
  if (isAliveAs(pid, text)) await endPid(pid, signal, patienceMs);
}

/** Signals a process that is not our child and resolves when it is gone; SIGKILL after the time. */
export async function endPid(pid: number, signal: NodeJS.Signals, patienceMs: number): Promise<void> {
  const send = (name: NodeJS.Signals) => {
    try {
      process.kill(pid, name);
    } catch {
      // it has gone in this moment
    }
  };
  send(signal);
  const deadline = Date.now() + patienceMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) send('SIGKILL');
    if (Date.now() > deadline + 5_000) throw new Error(`Process ${pid} does not end.`);
    await delay(50);
  }
}
