/**
 * `npm test`: formatting and lint, types, the protobuf rules, then every test. Ends with one line: `N passed, N failed`.
 *
 * Run from source by type stripping before anything is built, so it imports nothing of the workspace. Each check counts as
 * one test, so that the last line is 0 failed only when nothing at all is wrong.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const results = join(root, '.cache/test-results.json');

const CHECKS: readonly Check[] = [
  { name: 'lint and formatting', command: ['biome', 'check', '.'] },
  { name: 'protobuf rules', command: ['buf', 'lint', 'proto'] },
  { name: 'types', command: ['tsc', '-b'] },
];

const say = (line: string) => void process.stdout.write(`${line}\n`);

const filters = process.argv.slice(2);
const tallies = [...(filters.length === 0 ? CHECKS.map(runCheck) : [runCheck(CHECKS[2] as Check)]), runTests(filters)];
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function runCheck({ name, command: [program, ...args] }: Check): Tally {
  const outcome = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  const good = outcome.status === 0;
  say(`${good ? 'ok' : 'FAILED'}: ${name}`);
  if (!good) say(`${outcome.stdout ?? ''}${outcome.stderr ?? ''}${outcome.error?.message ?? ''}`.trimEnd());
  return good ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Arguments are passed on: paths and options of vitest. */
function runTests(args: readonly string[]): Tally {
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(results, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const outcome = spawnSync('vitest', ['run', ...reporters, ...args], { cwd: root, stdio: 'inherit' });
  const tally = readTally();
  const unexplained = outcome.status !== 0 && tally.failed === 0; // an error outside of any test, or no run at all
  return unexplained ? { ...tally, failed: 1 } : tally;
}

function readTally(): Tally {
  if (!existsSync(results)) return { passed: 0, failed: 0 };
  const report = JSON.parse(readFileSync(results, 'utf8')) as { numPassedTests: number; numFailedTests: number };
  return { passed: report.numPassedTests, failed: report.numFailedTests };
}
