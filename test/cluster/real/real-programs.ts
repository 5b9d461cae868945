/** The programs of one real cluster: started one by one, stopped together in the reverse order, their logs in one folder. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Program } from './program.ts';

export interface RealProgramsOptions {
  /** Folder with the built programs. */
  readonly pieces: string;
  /** Folder for logs. */
  readonly folder: string;
}

export class RealPrograms {
  readonly pieces: string;
  readonly folder: string;
  readonly #programs: Program[] = [];

  constructor({ pieces, folder }: RealProgramsOptions) {
    this.pieces = pieces;
    this.folder = folder;
  }

  /** Starts a program and resolves when it is ready. `name` names its log, `file` the program. */
  async start(name: string, file: string, args: readonly string[], isReady: () => Promise<boolean>): Promise<Program> {
    const logFile = join(this.folder, `${name}.log`);
    const program = await Program.start({ name, file: join(this.pieces, file), args, logFile, isReady });
    this.#programs.push(program);
    return program;
  }

  /** Runs one to its end and gives what it printed. Throws with its words when it fails. */
  run(file: string, args: readonly string[]): string {
    const outcome = spawnSync(join(this.pieces, file), [...args], { encoding: 'utf8', maxBuffer: 16 * 2 ** 20 });
    if (outcome.status === 0) return outcome.stdout;
    throw new Error(`${file} ${args[0]}: ${outcome.stderr || outcome.error?.message}`);
  }

  async close(): Promise<void> {
    for (const program of this.#programs.splice(0).reverse()) await program.stop();
  }
}
