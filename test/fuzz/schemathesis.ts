/**
 * Schemathesis (a Python program) against our OpenAPI document, in two runs: as an administrator of the second tenant,
 * whose every answer is searched for words of the first, and as the platform's, for the operations that need it.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Judge } from './judge.ts';
import type { Tenants } from './tenants.ts';

const VERSION = '4.32.5';
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const VENV = join(ROOT, '.cache', `schemathesis-${VERSION}`);
const PROGRAM = join(VENV, 'bin', 'schemathesis');
const SETTINGS = join(ROOT, 'test/fuzz/schemathesis.toml');

/** Installs it below the cache when it is not there. Gives the reason when it cannot be had. */
export function missingSchemathesis(): string | undefined {
  if (existsSync(PROGRAM)) return undefined;
  try {
    execFileSync('python3', ['-m', 'venv', VENV], { stdio: 'pipe' });
    execFileSync(
      join(VENV, 'bin', 'pip'),
      ['install', '-q', '--disable-pip-version-check', `schemathesis==${VERSION}`],
      { stdio: 'pipe' },
    );
    return undefined;
  } catch (error) {
    rmSync(VENV, { recursive: true, force: true });
    const { code, stderr } = error as { code?: string; stderr?: Buffer };
    return code === 'ENOENT'
      ? 'there is no python3'
      : `it cannot be installed: ${stderr?.toString().trim().split('\n').at(-1)}`;
  }
}

export interface SchemathesisRun {
  readonly url: string;
  readonly seconds: number;
  readonly seed: number;
  readonly tenants: Tenants;
  readonly judge: Judge;
  readonly say: (line: string) => void;
}

/** Resolves when both runs are over. */
export async function runSchemathesis(run: SchemathesisRun): Promise<void> {
  const [attackerKey = ''] = run.tenants.attackerKeys;
  const half = Math.max(10, Math.floor(run.seconds / 2));
  await once(run, 'the second tenant', attackerKey, half);
  await once(run, 'the platform', run.tenants.adminKey, half);
}

async function once(
  { url, seed, tenants, judge, say }: SchemathesisRun,
  who: string,
  key: string,
  seconds: number,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'schemathesis-'));
  const report = join(folder, 'exchanges.yaml');
  const args = [
    ...['--config-file', SETTINGS, 'run', `${url}/openapi.json`, '--header', `Authorization: Bearer ${key}`],
    ...['--max-time', String(seconds), '--seed', String(seed), '--report', 'vcr', '--report-vcr-path', report],
  ];
  try {
    const output = await outputOf(args, folder);
    const summary = output.slice(output.lastIndexOf('= SUMMARY ='));
    say(`schemathesis as ${who}: ${/Test cases:\s+(.*)/.exec(summary)?.[1] ?? 'no summary'}`);
    const isGood = /No issues found/.test(summary) || !/Failures:|Errors:/.test(summary);
    if (!isGood || !output.includes('= SUMMARY =')) judge.fault(`schemathesis as ${who}`, output.slice(-20_000));
    if (key !== tenants.adminKey && (await holds(report, tenants.canary)))
      judge.fault('rest: an answer to schemathesis tells what another tenant has', report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** It ends with 1 when it found something, so what it says is what counts. */
function outputOf(args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(PROGRAM, [...args], { cwd, maxBuffer: 256 * 2 ** 20 }, (_error, stdout, stderr) =>
      resolve(`${stdout}\n${stderr}`),
    );
  });
}

async function holds(file: string, word: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  for await (const line of createInterface({ input: createReadStream(file) })) if (line.includes(word)) return true;
  return false;
}
