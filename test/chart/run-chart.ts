/**
 * `npm run test:chart`: renders the chart with each of its example values, and gives it to a real API server: schemas, dry run,
 * Pod Security, a life of a release, and a worker under the account that the chart makes. Arguments go to vitest.
 *
 * What cannot be had (Go, its proxy, the programs of the cluster) is said in one sentence. The last line is `N passed, N failed`.
 * Run by type stripping, so it imports nothing of the workspace.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtPieces, CannotBuild } from '../cluster/build/build-pieces.ts';
import { provenBy, type Tally } from '../src/proven-by.ts';
import { chartTools } from './tools/build-tools.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { passed, failed } = await run();
  say(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function run(): Promise<Tally> {
  try {
    const { folder, missing } = chartTools(say);
    for (const line of missing) say(`${line} Objects of its kinds are rendered and not judged.`);
    return runProofs({ CHART_TOOLS: folder, ...(await cluster()) });
  } catch (error) {
    if (!(error instanceof CannotBuild)) throw error;
    say(error.message);
    return { passed: 0, failed: 0 };
  }
}

/** Without the cluster's programs the chart is still rendered and linted. */
async function cluster(): Promise<Record<string, string>> {
  try {
    return { CLUSTER_PIECES: await builtPieces({ say }) };
  } catch (error) {
    if (!(error instanceof CannotBuild)) throw error;
    say(`${error.message} So nothing is given to an API server.`);
    return {};
  }
}

function runProofs(environment: Record<string, string>): Tally {
  const folder = mkdtempSync(join(tmpdir(), 'chart-proofs-'));
  // Postgres does not run as root and must be able to enter the folder.
  chmodSync(folder, 0o755);
  const suites = environment.CLUSTER_PIECES === undefined ? ['rendering'] : [];
  const args = [...suites, ...process.argv.slice(2)];
  const tally = provenBy('test/chart/vitest.config.ts', { args, env: { ...environment, TMPDIR: folder } });
  if (process.env.CLUSTER_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
  return tally;
}

await main();
