/**
 * Runs the proofs of one vitest configuration in a process of its own, and counts them. Run by type stripping, so it imports
 * nothing of the workspace.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

interface Run {
  /** Given to vitest. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** `config` is a path from the root of the checkout. A run that breaks counts as one failure at least. */
export function provenBy(config: string, { args, env = {} }: Run): Tally {
  const results = join(ROOT, '.cache', `${config.replaceAll('/', '-')}.json`);
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  rmSync(results, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const { status } = spawnSync('vitest', ['run', '--config', config, '--root', '.', ...reporters, ...args], {
    ...{ cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } },
  });
  const tally = tallyOf(results);
  return status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

function tallyOf(results: string): Tally {
  if (!existsSync(results)) return { passed: 0, failed: 0 };
  const report = JSON.parse(readFileSync(results, 'utf8')) as { numPassedTests: number; numFailedTests: number };
  return { passed: report.numPassedTests, failed: report.numFailedTests };
}
