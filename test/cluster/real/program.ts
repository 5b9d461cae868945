/**
 * One program of the real cluster as a child process: its log in a file, waited for until it answers, stopped by its process
 * id, and ended by a leash when this process is gone, however that happened.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { endChild, leash } from '@compute/dev-stack';

const LOOK_EVERY_MS = 100;
const PATIENCE_MS = 90_000;
const STOP_PATIENCE_MS = 15_000;

export interface ProgramSettings {
  /** For messages. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly logFile: string;
  /** Says whether it does its work; asked again until then. A rejection counts as no. */
  readonly isReady: () => Promise<boolean>;
}

export class Program {
  readonly #settings: ProgramSettings;
  #child: ChildProcess | undefined;
  #release: () => void = () => undefined;
  #wasReady = false;

  private constructor(settings: ProgramSettings) {
    this.#settings = settings;
  }

  /** Resolves when it is ready. Throws with the end of its log when it ends before, or is not ready in time. */
  static async start(settings: ProgramSettings): Promise<Program> {
    const program = new Program(settings);
    await program.startAgain();
    return program;
  }

  /** Starts it once more after `stop` or `kill`, with the same arguments. */
  async startAgain(): Promise<void> {
    const { file, args, logFile } = this.#settings;
    const log = openSync(logFile, 'a');
    // The cluster is on loopback, whatever proxy the machine has for the rest of the world.
    const env = { ...process.env, NO_PROXY: '127.0.0.0/8,localhost', no_proxy: '127.0.0.0/8,localhost' };
    const child = spawn(file, [...args], { stdio: ['ignore', log, log], env });
    closeSync(log);
    this.#child = child;
    const held = leash(child, { signal: 'KILL' });
    this.#release = () => held.release();
    child.once('exit', () => this.#revive(child));
    await this.#untilReady(child);
    this.#wasReady = true;
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** As a machine that loses its power: nothing is finished. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** What ends by itself is started again, as a kubelet would: virt-controller ends when it loses its lease. */
  #revive(child: ChildProcess): void {
    if (this.#child !== child || !this.#wasReady) return;
    this.#release();
    this.startAgain().catch(() => undefined);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined) await endChild(child, signal, STOP_PATIENCE_MS);
    this.#release();
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    let spawned = true;
    child.once('error', () => {
      spawned = false;
    });
    while (!(await this.#settings.isReady().catch(() => false))) {
      const hasEnded = !spawned || child.exitCode !== null || child.signalCode !== null;
      if (!hasEnded && Date.now() < deadline) {
        await delay(LOOK_EVERY_MS);
        continue;
      }
      const words = readFileSync(this.#settings.logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
      throw new Error(`${this.#settings.name} ${hasEnded ? 'ended' : 'was not ready in time'}:\n${words}`);
    }
  }
}
