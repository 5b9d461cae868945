/**
 * One process of the stack: started with its log in a file, waited for until it says that it is ready, and stopped in order.
 *
 * A process says that it is ready with one line of JSON on standard output. Everything it writes goes straight to its log
 * file, which is followed only until that line: nobody pays for logs afterwards, and they go on when the starter is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { endChild, exited, leash } from '../process/leash.ts';
import { MissingPart } from '../process/missing-part.ts';
import { lastWord } from './last-word.ts';
import { REPOSITORY } from './state-folder.ts';
import { shown } from './welcome.ts';

const PORT_ATTEMPTS = 10;
const PORT_PAUSE_MS = 500;
const LOOK_EVERY_MS = 50;

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

/**
 * Starts a process and resolves when it is ready.
 * @throws NotReady when it ends before, or is not ready in time.
 */
export async function startProcess(settings: StackProcessSettings): Promise<StackProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(settings);
    } catch (error) {
      const isPortTaken = error instanceof NotReady && error.words.includes('EADDRINUSE');
      if (!isPortTaken || attempt === PORT_ATTEMPTS) throw error;
      // Ports are kept over restarts, and who had this one before may be a moment from its end.
      await delay(PORT_PAUSE_MS);
    }
  }
}

/** One sentence: what happened, the process' own reason when it gave one, and where its log is. */
class NotReady extends MissingPart {
  /** The last lines that the process wrote. */
  readonly words: string;

  constructor({ name, logFile }: StackProcessSettings, happened: string, lines: readonly string[]) {
    const reason = lastWord(lines);
    super(`The ${name} ${happened}${reason === undefined ? '' : ` (${reason})`}; its log is ${shown(logFile)}.`);
    this.name = 'NotReady';
    this.words = lines.slice(-100).join('\n');
  }
}

async function startOnce(settings: StackProcessSettings): Promise<StackProcess> {
  const log = openSync(settings.logFile, 'a+');
  const begin = fstatSync(log).size;
  const child = spawn(process.execPath, ['--enable-source-maps', ...settings.command], {
    cwd: REPOSITORY,
    env: { ...process.env, ...settings.env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  const guard = leash(child, { signal: 'TERM' });
  const ended = exited(child);
  void ended.then(() => guard.release());
  try {
    const ready = await becomesReady(child, settings, new AppendedLines(log, begin));
    const stop = () => endChild(child, 'SIGTERM', 20_000);
    return { name: settings.name, pid: child.pid ?? 0, logFile: settings.logFile, ready, ended, stop };
  } catch (error) {
    await endChild(child, 'SIGKILL', 0);
    throw error;
  } finally {
    closeSync(log);
  }
}

async function becomesReady(
  child: ChildProcess,
  settings: StackProcessSettings,
  output: AppendedLines,
): Promise<Record<string, unknown>> {
  const recent: string[] = [];
  const patienceMs = settings.patienceMs ?? 60_000;
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const over = child.exitCode !== null || child.signalCode !== null; // asked before reading, so that the last words count
    for (const line of output.read()) {
      recent.push(line);
      const ready = readyFields(line, settings);
      if (ready) return ready;
    }
    if (over) throw new NotReady(settings, `ended (${await exited(child)}) before it was ready`, recent);
    if (Date.now() > deadline) throw new NotReady(settings, `was not ready within ${patienceMs / 1_000} s`, recent);
    await delay(LOOK_EVERY_MS);
  }
}

/** The complete lines that were appended to a file since the last read. */
class AppendedLines {
  readonly #file: number;
  #position: number;
  #rest = Buffer.alloc(0);

  constructor(file: number, position: number) {
    this.#file = file;
    this.#position = position;
  }

  read(): string[] {
    const added = Buffer.alloc(fstatSync(this.#file).size - this.#position);
    this.#position += readSync(this.#file, added, 0, added.length, this.#position);
    const all = Buffer.concat([this.#rest, added]);
    const end = all.lastIndexOf(10) + 1;
    this.#rest = all.subarray(end);
    return end === 0 ? [] : all.toString('utf8', 0, end - 1).split('\n');
  }
}

function readyFields(line: string, settings: StackProcessSettings): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return settings.readyFrom(JSON.parse(line) as Record<string, unknown>);
  } catch {
    return undefined; // a line that begins like JSON and is none
  }
}
