/** Programs of the machine, run to their end with their output kept. */
import { spawn, spawnSync } from 'node:child_process';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

const PATIENCE_MS = 60_000;

/** Resolves however the program ends; after the time it is killed, and its code is not 0. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawn(program, args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? PATIENCE_MS,
    // A client of Docker passes gentler signals on to its container.
    killSignal: 'SIGKILL',
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, out, err }));
  });
}

/** What a program prints. Throws with its last words when it fails. */
export async function outputOf(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, out, err } = await run(program, args, options);
  if (code === 0) return out;
  const lastWords = `${out}\n${err}`.trim().split('\n').slice(-25).join('\n');
  throw new Error(`\`${program} ${args.slice(0, 3).join(' ')}\` ended with ${code}:\n${lastWords}`);
}

/** Where a program lies, or undefined when the machine has none. */
export function pathOf(program: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
