/** A checkout of the product that stacks are run from: this one, or an earlier one, built in the cache folder. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** What the command needs and the machine lacks, in one sentence. */
export class CannotRun extends Error {}

export interface CommandOutput {
  readonly code: number;
  readonly out: string;
}

export class Checkout {
  readonly name: string;
  readonly #root: string;
  readonly #environment: Readonly<Record<string, string>>;

  /** `environment` is added to what its commands inherit. */
  constructor(name: string, root: string, environment: Readonly<Record<string, string>>) {
    this.name = name;
    this.#root = root;
    this.#environment = environment;
  }

  /** The stack's command, as in `npm start`. Throws with its output when it fails. */
  async stack(...args: string[]): Promise<void> {
    const { code, out } = await this.#run('deploy/dev/dist/cli.js', args);
    if (code !== 0) throw new Error(`${this.name}: ${args.join(' ')} failed\n${out}`);
  }

  /** The operator's command on a stack, with the report of `--json`. */
  async operate<T>(
    folder: string,
    args: string[],
    more: Readonly<Record<string, string>> = {},
  ): Promise<{ code: number; json: T }> {
    const { code, out } = await this.#run('deploy/operate/dist/cli.js', [...args, '--stack', folder, '--json'], more);
    try {
      return { code, json: JSON.parse(out) as T };
    } catch {
      throw new Error(`${this.name}: operate ${args.join(' ')} ended with ${code}\n${out}`);
    }
  }

  async #run(script: string, args: string[], more: Readonly<Record<string, string>> = {}): Promise<CommandOutput> {
    // Servers that were given to the run from outside are not the story's own.
    const { DATABASE_URL: _database, REDIS_URL: _redis, KUBECONFIG: _kubeconfig, ...inherited } = process.env;
    const options = {
      cwd: this.#root,
      env: { ...inherited, ...this.#environment, ...more },
      maxBuffer: MAX_OUTPUT_BYTES,
    };
    const failed = (error: { code?: number; stdout?: string; stderr?: string }): CommandOutput => ({
      code: error.code ?? 1,
      out: `${error.stdout ?? ''}${error.stderr ?? ''}`,
    });
    return run(process.execPath, [join(this.#root, script), ...args], options).then(
      ({ stdout }) => ({ code: 0, out: stdout }),
      failed,
    );
  }
}

/** The checkout that this command is part of, as it is built. */
export function presentCheckout(environment: Readonly<Record<string, string>>): Checkout {
  return new Checkout('present', ROOT, environment);
}

export function readBaseline(): string {
  const file = join(ROOT, 'test/upgrade/baseline.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { commit: string }).commit;
}

/** A commit of this repository, built once. Throws `CannotRun` when the clone does not have it. */
export function baselineCheckout(commit: string, environment: Readonly<Record<string, string>>): Checkout {
  const root = join(ROOT, '.cache/baseline', commit);
  if (!existsSync(join(root, '.built'))) build(commit, root);
  return new Checkout('baseline', root, environment);
}

function build(commit: string, root: string): void {
  if (!hasCommit(commit))
    throw new CannotRun(
      `This clone does not have the commit ${commit} of the baseline: fetch it, as with "git fetch --unshallow".`,
    );
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const archive = execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 4 * MAX_OUTPUT_BYTES });
  execFileSync('tar', ['-x', '-C', root], { input: archive });
  shareDependencies(root);
  execFileSync(process.execPath, ['deploy/dev/bootstrap.mjs', 'prepare'], { cwd: root, stdio: 'inherit' });
  writeFileSync(join(root, '.built'), '');
}

function hasCommit(commit: string): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: ROOT, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The same dependencies need not be installed a second time; links to packages of the workspace are relative, so they fit. */
function shareDependencies(root: string): void {
  const lock = (folder: string): string => readFileSync(join(folder, 'package-lock.json'), 'utf8');
  if (lock(root) === lock(ROOT))
    execFileSync('cp', ['-al', join(ROOT, 'node_modules'), join(root, 'node_modules')], { stdio: 'ignore' });
}
