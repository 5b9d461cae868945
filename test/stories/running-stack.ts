/**
 * A whole stack for a story: the same command that a person types, in a state folder of its own, as real processes.
 * Nothing in a story reaches around the doors that users have.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('../../deploy/dev/dist/cli.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What `stack.json` tells scripts. */
export interface StackFacts {
  readonly rest: string;
  readonly grpc: string;
  readonly docs: string;
  readonly metrics: readonly string[];
  readonly project: string;
  readonly apiKey: string;
  readonly adminKey: string;
  readonly kubeconfig?: string;
  readonly cluster: { readonly kubeconfig: string; readonly control: string };
  readonly images: string;
  readonly pids: { readonly api: readonly number[]; readonly worker: readonly number[] };
}

export class RunningStack {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Starts a stack; `environment` is added to what the processes inherit. */
  static async start(environment: Readonly<Record<string, string>> = {}): Promise<RunningStack> {
    const stack = new RunningStack(mkdtempSync(join(tmpdir(), 'vm-story-')));
    // Postgres does not run as root and must be able to enter the folder.
    chmodSync(stack.folder, 0o755);
    try {
      await stack.command('start', ['--detach'], environment);
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  get facts(): StackFacts {
    return JSON.parse(readFileSync(join(this.folder, 'stack.json'), 'utf8')) as StackFacts;
  }

  /** The example of the specification with an image that the stack serves itself. */
  get localExample(): string {
    return readFileSync(join(this.folder, 'production-complete.yaml'), 'utf8');
  }

  async command(name: string, args: readonly string[] = [], environment: Readonly<Record<string, string>> = {}) {
    // A story stands alone: servers that were given to the run from outside are not its own.
    const { DATABASE_URL: _database, REDIS_URL: _redis, KUBECONFIG: _kubeconfig, ...inherited } = process.env;
    const options = {
      cwd: ROOT,
      env: { ...inherited, ...environment, DEV_DIR: this.folder },
      maxBuffer: 16 * 1024 * 1024,
    };
    return run(process.execPath, [CLI, name, ...args], options).catch((error: { stdout?: string; stderr?: string }) => {
      throw new Error(`${name} failed\n${error.stdout ?? ''}\n${error.stderr ?? ''}`, { cause: error });
    });
  }

  async stop(): Promise<void> {
    await this.command('stop').catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
