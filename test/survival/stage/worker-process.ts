/** Worker processes, as they are built, which are killed and started again until a story is over. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Trap } from './trap.ts';

const BUILT = [
  new URL('../../dist/survival/stage/killable-worker.js', import.meta.url), // from the sources
  new URL('./killable-worker.js', import.meta.url), // from the build
].map((url) => fileURLToPath(url));

/** A process that is about to be killed need not compile again what the one before it has compiled. */
const SPARED = { NODE_OPTIONS: '', NODE_COMPILE_CACHE: join(tmpdir(), `survival-compiled-${process.getuid?.() ?? 0}`) };

export interface WorkerReports {
  readonly onReached?: (point: string) => void;
  readonly onFired?: (index: number) => void;
}

export interface WorkerProcessSettings extends WorkerReports {
  readonly environment: Readonly<Record<string, string>>;
  /** What is still to happen when the process starts. */
  readonly traps: () => readonly Trap[];
}

/** One place among the workers: when its process dies, another takes it, until `stop`. */
export class WorkerProcess {
  readonly #settings: WorkerProcessSettings;
  #child: ChildProcess | undefined;
  #stopping = false;
  #running: Promise<void>;
  #ready = Promise.withResolvers<void>();
  #starts = 0;

  constructor(settings: WorkerProcessSettings) {
    this.#settings = settings;
    this.#running = this.#keepRunning();
  }

  /** How many processes there were so far. */
  get starts(): number {
    return this.#starts;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the present process takes work. */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** SIGKILL. Resolves when the process is dead; the next one starts by itself. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#child?.kill('SIGTERM');
    await this.#running;
  }

  async #keepRunning(): Promise<void> {
    while (!this.#stopping) await this.#runOnce();
  }

  async #runOnce(): Promise<void> {
    const { environment, traps } = this.#settings;
    const script = BUILT.find((path) => existsSync(path));
    if (script === undefined) throw new Error('The worker of the survival suite is not built: run tsc -b test.');
    const env = { ...process.env, ...environment, ...SPARED, SURVIVAL_TRAPS: JSON.stringify(traps()) };
    const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const exited = once(child, 'exit');
    this.#child = child;
    this.#starts += 1;
    if (child.stdout === null) throw new Error('The worker process has no output.');
    for await (const line of createInterface({ input: child.stdout })) this.#hear(line);
    await exited;
    this.#ready = Promise.withResolvers<void>();
  }

  #hear(line: string): void {
    const [word, value = ''] = line.split(' ', 2);
    if (word === 'ready') this.#ready.resolve();
    if (word === 'reached') this.#settings.onReached?.(value);
    if (word === 'fired') this.#settings.onFired?.(Number(value));
  }
}
