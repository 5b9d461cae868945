/**
 * One process of the stack: started with its log in a file, waited for until it says that it is ready, and stopped in order.
 *
 * A process says that it is ready with one line of JSON on standard output. Everything it writes goes to its log file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { endChild, exited, leash } from '../process/leash.ts';
import { REPOSITORY } from './state-folder.ts';

export interface StackProcessSettings {
  /** For messages: `api`, `worker`, `cluster`. */
  readonly name: string;
  /** The program of the process, a path below the checkout, and its arguments. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Picks the fields out of the line that says that the process is ready; undefined for every other line. */
  readonly readyFrom: (line: Record<string, unknown>) => Record<string, unknown> | undefined;
  readonly patienceMs?: number;
}

export interface StackProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** What the process said of itself when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Resolves when the process has ended, with its exit code or signal. */
  readonly ended: Promise<number | string>;
  stop(): Promise<void>;
}

/** Starts a process and resolves when it is ready. Rejects with the end of its log when it is not in time. */
export async function startProcess(settings: StackProcessSettings): Promise<StackProcess> {
  const log = createWriteStream(settings.logFile, { flags: 'a' });
  const child = spawn(process.execPath, ['--enable-source-maps', ...settings.command], {
    cwd: REPOSITORY,
    env: { ...process.env, ...settings.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const guard = leash(child, { signal: 'TERM' });
  const ended = exited(child);
  void ended.then(() => guard.release());
  const ready = await becomesReady(child, settings, log).catch(async (error: unknown) => {
    await endChild(child, 'SIGKILL', 0);
    throw error;
  });
  const stop = () => endChild(child, 'SIGTERM', 20_000);
  return { name: settings.name, pid: child.pid ?? 0, logFile: settings.logFile, ready, ended, stop };
}

function becomesReady(
  child: ChildProcess,
  settings: StackProcessSettings,
  log: WriteStream,
): Promise<Record<string, unknown>> {
  const recent: string[] = [];
  return new Promise((resolve, reject) => {
    const fail = (reason: string) =>
      reject(new Error(`${settings.name} ${reason}:\n${recent.join('\n')}\n(the whole log: ${settings.logFile})`));
    const patienceMs = settings.patienceMs ?? 60_000;
    const timer = setTimeout(() => fail(`was not ready within ${patienceMs / 1_000} s`), patienceMs);
    const read = (line: string) => {
      log.write(`${line}\n`);
      recent.push(line);
      if (recent.length > 20) recent.shift();
      const ready = readyFields(line, settings);
      if (ready === undefined) return;
      clearTimeout(timer);
      resolve(ready);
    };
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', read);
    void exited(child).then((outcome) => fail(`ended (${outcome}) before it was ready`));
    child.once('close', () => {
      clearTimeout(timer);
      log.end();
    });
    child.once('error', (error) => fail(`did not start (${error.message})`));
  });
}

function readyFields(line: string, settings: StackProcessSettings): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return settings.readyFrom(JSON.parse(line) as Record<string, unknown>);
  } catch {
    return undefined; // a line that begins like JSON and is none
  }
}
